using MfpClip.Calibration;
using MfpClip.Imaging;

namespace MfpClip;

/// <content>What a call may ask for, and what of the input moves scores.</content>
public sealed partial class ZeroShotDetector
{
    /// <summary>The options of a call, with the calibration's class words where it names none.</summary>
    private DetectionOptions Checked(DetectionOptions? options)
    {
        options ??= DetectionOptions.Default;
        if (string.IsNullOrWhiteSpace(options.ClassName))
        {
            throw new DetectionOptionsException(nameof(DetectionOptions.ClassName), "it is empty. Use \"object\" if the class is not known.");
        }

        if (options.ClassName.Length > ClassWords.MaximumLength)
        {
            throw new DetectionOptionsException(nameof(DetectionOptions.ClassName),
                $"it has {options.ClassName.Length} characters and is longer than the limit of {ClassWords.MaximumLength}. Use a few words.");
        }

        if (options.PixelThreshold is { } t && !(t is >= 0 and <= 1))
        {
            throw new DetectionOptionsException(nameof(DetectionOptions.PixelThreshold), FormattableString.Invariant($"it is {t}; it must be from 0 to 1."));
        }

        return Calibration is { } calibration ? CalibrationCheck.Call(calibration, options) : options;
    }

    // The decoder counts: lossy files have other pixels with another one.
    private static Dictionary<string, string> Identity(StageDescription preprocessing, InputSettings input) => new(StringComparer.Ordinal)
    {
        ["preprocessing"] = preprocessing.Implementation.Length > 0 ? preprocessing.Implementation : input.Preprocessor.GetType().FullName!,
        ["preprocessing.settings"] = preprocessing.Settings,
        ["decoder"] = input.Decoder.Name,
    };
}
