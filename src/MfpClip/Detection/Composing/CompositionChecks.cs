using MfpClip.Backbones;
using MfpClip.Backbones.Dino;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Native;
using MfpClip.Pipeline;
using MfpClip.Text;

namespace MfpClip.Detection.Composing;

/// <summary>Every fault of a composition, in words: what shows at once, and what shows when the backbone is loaded.</summary>
internal static class CompositionChecks
{
    public const string NoBackbone = "There is no backbone: name a weight file with UseBackbone(path).";

    /// <summary>A backbone as a CLIP model, also where it is wrapped; <see langword="null"/>: it has no text tower.</summary>
    public static IClipBackbone? AsClip(IVisionBackbone? backbone) => backbone as IClipBackbone ?? backbone?.GetService<IClipBackbone>();

    /// <summary>Says that a method that reads class words was given a backbone without a text tower.</summary>
    public static string NoTextTower(string method, string name, IVisionBackbone backbone, DetectorRegistry registry)
    {
        string[] others = [.. registry.Methods.Where(m => !m.Description.NeedsText).Select(m => m.Description.Id)];
        return $"{method} reads class words, but '{name}' is a {(backbone.GetService<DinoBackbone>() is null ? "backbone" : "DINOv2")} without a text tower; "
            + $"give a CLIP model{(others.Length == 0 ? string.Empty : $", or use a method that needs none: {string.Join(", ", others)}")}.";
    }

    public static List<string> BeforeLoading(Composition c, IDetectionMethod method)
    {
        var faults = new List<string>();
        faults.AddRange(c.Backbone is not null ? c.Backbone.Faults() : method.Description.NeedsBackbone ? [NoBackbone]
            : c.Cnn is null && c.Package is null ? [$"{method.Description.Name} runs on a CNN or a backbone, and neither was given: name a weight file with "
                + "UseCnn or UseBackbone."] : []);
        if (c.ModuleWeights is { } modules && !File.Exists(modules))
        {
            faults.Add($"There is no weight file '{modules}'.");
        }

        if (c.Backbone?.ChoosesDevice != false && DeviceSelection.Fault(c.Device, c.Precision) is { } device)
        {
            faults.Add(device);
        }

        if (c.StageCount < 1 || (c.Taps is { } taps && (taps.Any(t => t < 1) || taps.Zip(taps.Skip(1)).Any(p => p.Second <= p.First))))
        {
            faults.Add(c.Taps is null ? $"The number of stages is {c.StageCount}; it must be at least 1."
                : $"The taps are {string.Join(", ", c.Taps)}; they must rise and start at 1 or later.");
        }

        if (c.BatchSize is < 1 or > 1024)
        {
            faults.Add($"The batch size is {c.BatchSize}; it must be from 1 to 1024.");
        }

        if (c.ImageSize is < 1 or > 8192)
        {
            faults.Add($"The image size is {c.ImageSize}; it must be from 1 to 8192 pixels.");
        }

        if (c.Limits.MaximumPixels < 1 || c.Limits.MaximumBytes < 1 || !(c.Limits.MaximumSideRatio >= 1))
        {
            faults.Add("The image limits must be at least 1.");
        }

        faults.AddRange(c.Cnn?.Faults() ?? []);
        faults.AddRange(c.Templates.Faults());
        faults.AddRange(MultiScalePass.Faults(c.Scales));
        faults.AddRange(c.Tiling?.Faults() ?? []);
        faults.AddRange(c.Region?.Faults() ?? []);
        if (c.Region?.File is { } region && !File.Exists(region))
        {
            faults.Add($"Region of interest: there is no file '{region}'.");
        }

        faults.AddRange(c.References?.Faults() ?? []);
        faults.AddRange(method.Faults());
        if (!method.Description.RunsPipeline && !method.Description.IsTrained && c.ModuleWeights is { } path)
        {
            faults.Add($"{method.Description.Name} has no trained modules, but '{path}' was given; leave it out.");
        }

        if (!method.Description.RunsPipeline && !method.Description.ReadsCnn && c.Cnn is not null)
        {
            faults.Add($"{method.Description.Name} reads no CNN, but a CNN was given; leave it out.");
        }

        if (faults.Count > 0 && method.Description.RunsPipeline)
        {
            // Something is wrong already: check the modules' settings as far as that is possible without the weights.
            int features = c.Cnn is null && c.Package is null ? 0 : 1;
            faults.AddRange(c.ModuleFaults(
                new(features, [1, 1, 1, 1, 1], 64, 64, 64, 77, Math.Max(c.StageCount, 1)) { VisionLayers = 24, TextLayers = 12, PatchSize = 14 }));
        }

        return faults;
    }

    /// <summary>What shows when the backbone is loaded.</summary>
    /// <param name="c">The composition.</param>
    /// <param name="method">Its method.</param>
    /// <param name="backbone">Loaded.</param>
    /// <param name="tokenizer">Of its text tower, where there is one.</param>
    /// <param name="input">How images become its input.</param>
    public static IEnumerable<string> AfterLoading(
        Composition c, IDetectionMethod method, IVisionBackbone backbone, ITokenizer tokenizer, IImagePreprocessor input)
    {
        int patch = backbone.Vision.PatchSize, size = input.Size;
        if (method.Description.RunsPipeline && !input.IsSquare)
        {
            yield return $"{method.Description.Name} reads square images, which the preprocessor does not give; leave it out, or use SquareResize.";
        }

        if (!input.IsSquare && input is ShorterEdgeResize { Multiple: var multiple } && multiple % patch != 0 && method.Description.NeedsWholePatches)
        {
            yield return $"The preprocessor cuts images to multiples of {multiple} pixels, which are no whole patches of {patch}.";
        }

        if (input.IsSquare && size % patch != 0 && method.Description.NeedsWholePatches)
        {
            yield return $"The image size is {size}, which is no multiple of the patch of {patch} pixels; {InputSettings.DefaultSize(patch)} would be.";
        }

        if (AsClip(backbone) is { Text.VocabSize: var vocabulary } && tokenizer.VocabSize != vocabulary)
        {
            yield return $"The tokenizer knows {tokenizer.VocabSize} tokens, the text tower {vocabulary}: " +
                "put the model's vocab.json and merges.txt beside its weights, or set UseTokenizer.";
        }

        if (method.Description.RunsPipeline && c.Taps is null && c.StageCount > backbone.Vision.Layers)
        {
            yield return $"A vision tower of {backbone.Vision.Layers} blocks cannot be cut into {c.StageCount} stages.";
        }
    }
}
