using MfpClip.Backbones.Cnn;
using MfpClip.Modules.ImageToText;
using MfpClip.Modules.Mask;
using MfpClip.Modules.Self;
using Microsoft.Extensions.Options;

namespace MfpClip.Hosting;

/// <summary>A detector described by configuration. What is not here is set in code, with <see cref="Configure"/>.</summary>
public sealed class MfpClipOptions
{
    /// <summary>Weight file of the backbone, or a folder that holds one.</summary>
    public string? Backbone { get; set; }

    /// <summary>CNN file in torchvision's format; needed while I2TP or SP is on.</summary>
    public string? Cnn { get; set; }

    /// <summary>Layout of the CNN.</summary>
    public ResNetArchitecture CnnArchitecture { get; set; } = ResNetArchitecture.ResNet50;

    /// <summary>Trained modules, as written by SaveModules.</summary>
    public string? Modules { get; set; }

    /// <summary>Calibration file.</summary>
    public string? Calibration { get; set; }

    /// <summary>Form of I2TP.</summary>
    public ImageToTextVariant ImageToText { get; set; } = ImageToTextVariant.Prepend;

    /// <summary>Form of SP.</summary>
    public SelfPromptVariant SelfPrompt { get; set; } = SelfPromptVariant.Pooled;

    /// <summary>Side N of the aggregation neighbourhood of MPFA.</summary>
    public int Neighbourhood { get; set; } = 3;

    /// <summary>Form of MP.</summary>
    public MaskPromptVariant MaskPrompt { get; set; } = MaskPromptVariant.Learned;

    /// <summary>"cpu", "cuda" or "cuda:N".</summary>
    public string Device { get; set; } = "cpu";

    /// <summary>"float32", "bfloat16" or "float16".</summary>
    public string Precision { get; set; } = "float32";

    /// <summary>Side of the model input in pixels; <see langword="null"/>: 518 or the nearest multiple of the patch.</summary>
    public int? ImageSize { get; set; }

    /// <summary>Images in one forward pass at most.</summary>
    public int BatchSize { get; set; } = 4;

    /// <summary>Changes the builder after these options were applied.</summary>
    public Action<ZeroShotDetectorBuilder>? Configure { get; set; }

    internal ScalarType? ParsedPrecision => Precision?.Trim().ToLowerInvariant() switch
    {
        "float32" or "fp32" => ScalarType.Float32,
        "bfloat16" or "bf16" => ScalarType.BFloat16,
        "float16" or "fp16" => ScalarType.Float16,
        _ => null,
    };
}

/// <summary>Checks options when the host starts, without loading any weights.</summary>
internal sealed class MfpClipOptionsValidator : IValidateOptions<MfpClipOptions>
{
    public ValidateOptionsResult Validate(string? name, MfpClipOptions options)
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Backbone) && options.Configure is null)
        {
            faults.Add($"MfpClip: {nameof(options.Backbone)} is not set; name the CLIP weight file, or set it in code with {nameof(options.Configure)}.");
        }

        foreach (var (option, path) in new[]
        {
            (nameof(options.Backbone), options.Backbone), (nameof(options.Cnn), options.Cnn), (nameof(options.Modules), options.Modules), (nameof(options.Calibration), options.Calibration),
        })
        {
            if (!string.IsNullOrWhiteSpace(path) && !File.Exists(path) && !Directory.Exists(path))
            {
                faults.Add($"MfpClip: {option} names '{path}', which is not there.");
            }
        }

        if (options.ParsedPrecision is null)
        {
            faults.Add($"MfpClip: {nameof(options.Precision)} is '{options.Precision}'; choose float32, bfloat16 or float16.");
        }

        if (options.Neighbourhood < 1 || options.Neighbourhood % 2 == 0)
        {
            faults.Add($"MfpClip: {nameof(options.Neighbourhood)} is {options.Neighbourhood}; it must be odd and at least 1.");
        }

        if (options.BatchSize is < 1 or > 1024)
        {
            faults.Add($"MfpClip: {nameof(options.BatchSize)} is {options.BatchSize}; it must be from 1 to 1024.");
        }

        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }
}
