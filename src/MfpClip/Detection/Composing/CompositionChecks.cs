using MfpClip.Backbones;
using MfpClip.Imaging;
using MfpClip.Modules;
using MfpClip.Native;
using MfpClip.Pipeline;
using MfpClip.Text;

namespace MfpClip.Detection.Composing;

/// <summary>Every fault of a composition, in words: what shows at once, and what shows when the backbone is loaded.</summary>
internal static class CompositionChecks
{
    public static List<string> BeforeLoading(Composition c, IDetectionMethod method)
    {
        var faults = new List<string>();
        faults.AddRange(c.Backbone is null ? ["There is no backbone: name a weight file with UseBackbone(path)."] : c.Backbone.Faults());
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

        if (c.Limits.MaximumPixels < 1 || c.Limits.MaximumBytes < 1)
        {
            faults.Add("The image limits must be at least 1.");
        }

        faults.AddRange(c.Cnn?.Faults() ?? []);
        faults.AddRange(c.Templates.Faults());
        faults.AddRange(MultiScalePass.Faults(c.Scales));
        faults.AddRange(c.References?.Faults() ?? []);
        faults.AddRange(method.Faults());
        if (!method.Description.RunsPipeline && !method.Description.IsTrained && c.ModuleWeights is { } path)
        {
            faults.Add($"{method.Description.Name} has no trained modules, but '{path}' was given; leave it out.");
        }

        if (!method.Description.RunsPipeline && c.Cnn is not null)
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

    public static IEnumerable<string> AfterLoading(Composition c, IClipBackbone backbone, ITokenizer tokenizer, int size)
    {
        int patch = backbone.Vision.PatchSize;
        if (size % patch != 0)
        {
            yield return $"The image size is {size}, which is no multiple of the patch of {patch} pixels; {Imaging.InputSettings.DefaultSize(patch)} would be.";
        }

        if (tokenizer.VocabSize != backbone.Text.VocabSize)
        {
            yield return $"The tokenizer knows {tokenizer.VocabSize} tokens, the text tower {backbone.Text.VocabSize}: " +
                "put the model's vocab.json and merges.txt beside its weights, or set UseTokenizer.";
        }

        if (c.ResolveMethod().Description.RunsPipeline && c.Taps is null && c.StageCount > backbone.Vision.Layers)
        {
            yield return $"A vision tower of {backbone.Vision.Layers} blocks cannot be cut into {c.StageCount} stages.";
        }
    }
}
