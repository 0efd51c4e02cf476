using System.CommandLine;
using MfpClip.Backbone;
using MfpClip.Calibration;
using MfpClip.Cnn;
using MfpClip.Models;

namespace MfpClip.Cli;

/// <summary>The options that say which detector is meant, shared by the commands.</summary>
internal sealed class DetectorChoice
{
    private readonly Option<string?> _weights = new("--weights") { Description = "CLIP weights: a file, a folder, or a name from 'mfpclip models list'. Without it, random weights: then maps mean nothing." };
    private readonly Option<string?> _cnn = new("--cnn") { Description = "ResNet-50 in torchvision's format, for I2TP and SP. Without it both are off." };
    private readonly Option<string?> _modules = new("--modules") { Description = "Trained modules (safetensors)." };
    private readonly Option<string?> _calibration = new("--calibration") { Description = "Calibration file: gives a decision." };
    private readonly Option<string> _device = new("--device") { Description = "cpu, cuda or cuda:N.", DefaultValueFactory = _ => "cpu" };
    private readonly Option<string> _precision = new("--precision") { Description = "float32, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
    private readonly Option<int?> _size = new("--image-size") { Description = "Side of the model input in pixels; default 518, or the nearest multiple of the patch." };

    /// <summary>What is said where the weights are random.</summary>
    public const string RandomNotice = "These results come from RANDOM weights that this command made itself: they show how everything works, not where defects are. Name real weights with --weights.";

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _weights, _cnn, _modules, _calibration, _device, _precision, _size })
        {
            command.Options.Add(option);
        }
    }

    public (ZeroShotDetector Detector, string? Notice) Build(ParseResult parsed)
    {
        var builder = new ZeroShotDetectorBuilder().UseDevice(parsed.GetValue(_device)!).UsePrecision(Precision(parsed.GetValue(_precision)!));
        string? weights = parsed.GetValue(_weights);
        if (weights is null)
        {
            builder.UseRandomBackbone(Small, 1);
        }
        else
        {
            builder.UseBackbone(File.Exists(weights) || Directory.Exists(weights) || !ModelCatalogue.TryFind(weights, out _) ? weights : new ModelStore().GetPath(weights));
        }

        if (parsed.GetValue(_cnn) is { } cnn)
        {
            builder.UseCnn(new ResNetOptions { WeightsPath = cnn });
        }
        else if (weights is null)
        {
            builder.UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 });
        }
        else
        {
            builder.WithoutImageToTextPrompt().WithoutSelfPrompt();
        }

        if (parsed.GetValue(_modules) is { } modules)
        {
            builder.WithModuleWeights(modules);
        }

        if (parsed.GetValue(_size) is { } size)
        {
            builder.WithImageSize(size);
        }

        var calibration = parsed.GetValue(_calibration) is { } file ? CalibrationFile.Load(file) : null;
        var detector = (calibration is null ? builder : builder.WithCalibration(calibration)).Build();
        return (detector, weights is null ? RandomNotice : parsed.GetValue(_modules) is null ? "No trained modules were named (--modules): the projections of MPFA are untrained, so maps mean little." : null);
    }

    private static ClipConfig Small { get; } = new()
    {
        EmbedDim = 128,
        Activation = ClipActivation.QuickGelu,
        Vision = new() { ImageSize = 336, PatchSize = 14, Width = 192, Layers = 4, Heads = 3 },
        Text = new() { VocabSize = 49408, Width = 128, Layers = 2, Heads = 2 },
    };

    private static TorchSharp.torch.ScalarType Precision(string name) => name.Trim().ToLowerInvariant() switch
    {
        "float32" or "fp32" => TorchSharp.torch.ScalarType.Float32,
        "bfloat16" or "bf16" => TorchSharp.torch.ScalarType.BFloat16,
        "float16" or "fp16" => TorchSharp.torch.ScalarType.Float16,
        _ => throw new DetectorConfigurationException([$"The precision '{name}' is unknown; choose float32, bfloat16 or float16."]),
    };
}
