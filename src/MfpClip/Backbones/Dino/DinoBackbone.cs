using System.Globalization;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Backbones.Dino.Loading;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Kernels;
using MfpClip.Native;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Dino;

/// <summary>A DINOv2 model (arXiv 2304.07193), with or without registers (arXiv 2309.16588), from a published file or with random weights.</summary>
/// <example><code>using var backbone = DinoBackbone.Load("dinov2_vits14_pretrain.pth");</code></example>
public sealed class DinoBackbone : IVisionBackbone, IFrozenNetwork, IKernelMeasurement, IPackedWeights
{
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] ImageNetStd = [0.229f, 0.224f, 0.225f];

    private readonly bool _measured;
    private readonly Lock _preparing = new();
    private readonly ParameterSet _parameters;
    private readonly DinoVisionTower _vision;
    private readonly Lazy<WeightsDescription> _weights;

    private bool _prepared;

    private DinoBackbone(DinoConfig config, ParameterSet parameters, DinoBackboneOptions options, PositionInterpolation interpolation,
        (float[], float[])? normalization, Func<WeightsDescription> weights)
    {
        (Config, Interpolation, _parameters, _weights) = (config, interpolation, parameters, new(weights));
        _measured = options.Kernels != KernelChoice.Plain;
        _vision = new(config, parameters, interpolation, _measured ? KernelMeasurement.Measured : TransformerKernels.Plain);
        Normalization = normalization ?? (ImageNetMean, ImageNetStd);
    }

    /// <summary>Sizes.</summary>
    public DinoConfig Config { get; }

    /// <summary>How the position table is resized.</summary>
    public PositionInterpolation Interpolation { get; }

    /// <summary>Whether the weights are random rather than read from a file.</summary>
    public bool IsRandom { get; private init; }

    /// <inheritdoc/>
    public IVisionTower Vision => _vision;

    /// <inheritdoc/>
    public (float[] Mean, float[] Std) Normalization { get; }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => _parameters.Ordered;

    /// <summary>Loads a model.</summary>
    /// <param name="path">
    /// The authors' <c>.pth</c>, a Hugging Face <c>model.safetensors</c>, or a folder that holds one; <c>config.json</c> and
    /// <c>preprocessor_config.json</c> beside it are read.
    /// </param>
    /// <param name="options">Device, precision, position rule.</param>
    /// <param name="cancellationToken">Checked between tensors.</param>
    /// <exception cref="WeightsException">The file or its configuration is damaged, absent, of no known kind, or contradicts the options.</exception>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of the wrong shape.</exception>
    /// <exception cref="DetectorConfigurationException">The device or precision cannot be used.</exception>
    public static DinoBackbone Load(string path, DinoBackboneOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        string file = ClipFiles.FindWeights(path);
        return DamagedContent.Guard(file, () =>
        {
            using var weights = WeightFile.Open(file);
            return Load(weights, options, cancellationToken);
        });
    }

    /// <summary>Whether a file holds a DINOv2 model.</summary>
    internal static bool IsIn(IWeightFile file) => DinoTensorNames.IsIn(file);

    internal static DinoBackbone Load(IWeightFile weights, DinoBackboneOptions options, CancellationToken cancellationToken = default)
    {
        var device = DeviceSelection.Resolve(options.Device, options.Precision);
        var names = DinoTensorNames.Map(weights);
        var beside = DinoFiles.ReadConfigNextTo(weights.Path);
        var config = DinoFiles.Resolve(weights, names, beside, options);
        var parameters = DinoWeightLoader.Load(weights, names, config, device, options.Precision, cancellationToken);
        var interpolation = options.Interpolation ?? (config.Registers > 0 ? PositionInterpolation.BicubicAntialias
            : options.Code == DinoCode.HuggingFace || (options.Code is null && names.IsHuggingFace)
            ? PositionInterpolation.Bicubic : PositionInterpolation.BicubicOffset);
        string path = weights.Path, sha = weights.ComputeSha256();
        long count = parameters.Count;
        return new(config, parameters, options, interpolation, beside.Normalization, () => new(Path.GetFileName(path), sha, count));
    }

    /// <summary>Makes a model with random weights, for tests and dry runs: it finds nothing.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="seed">The same seed gives the same weights on every machine.</param>
    /// <param name="options">Device, precision, position rule.</param>
    /// <exception cref="DetectorConfigurationException">The sizes make no model.</exception>
    public static DinoBackbone CreateRandom(DinoConfig config, long seed, DinoBackboneOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Faults().ToList() is { Count: > 0 } faults)
        {
            throw new DetectorConfigurationException(faults);
        }

        options ??= new();
        var device = DeviceSelection.Resolve(options.Device, options.Precision);
        var initializer = new ParameterInitializer(seed);
        var parameters = new ParameterSet();
        foreach (var (name, shape) in DinoShapes.Of(config))
        {
            using var scope = torch.NewDisposeScope();
            var value = name.EndsWith("bias", StringComparison.Ordinal) ? torch.zeros(shape)
                : shape.Length == 1 && name != "class_token" ? torch.ones(shape) : initializer.Normal(name, 0.02, shape);
            parameters.Add(name, value.to(options.Precision, device).contiguous());
        }

        var interpolation = options.Interpolation ?? (config.Registers > 0 ? PositionInterpolation.BicubicAntialias
            : options.Code == DinoCode.HuggingFace ? PositionInterpolation.Bicubic : PositionInterpolation.BicubicOffset);
        return new(config, parameters, options, interpolation, null, () => new(
            $"random (seed {seed.ToString(CultureInfo.InvariantCulture)})", parameters.Hash(), parameters.Count)) { IsRandom = true };
    }

    /// <inheritdoc/>
    /// <remarks>Runs one block. Nothing on a GPU or with <see cref="KernelChoice.Plain"/>, where there is no choice.</remarks>
    public void MeasureKernels(int imageSize)
    {
        if (!_measured || Vision.Device.type != DeviceType.CPU)
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        long tokens = ImageTokens(imageSize);
        var ramp = torch.arange(tokens * Vision.Width, dtype: ScalarType.Float32).sin_().view(1, tokens, Vision.Width).to_type(Vision.Precision);
        Vision.RunBlocks(ramp, 0, 1, ForwardContext.Default);
    }

    /// <inheritdoc/>
    void IPackedWeights.Prepare(int imageSize)
    {
        lock (_preparing)
        {
            MeasureKernels(imageSize);
            if (!_prepared && _measured && Vision.Device.type == DeviceType.CPU)
            {
                _prepared = true;
                using var scope = torch.NewDisposeScope();
                _vision.KeepPacked(torch.empty([1, ImageTokens(imageSize), Vision.Width], Vision.Precision));
            }
        }
    }

    private long ImageTokens(int imageSize) => Vision.PrefixTokens + ((long)(imageSize / Vision.PatchSize) * (imageSize / Vision.PatchSize));

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "backbone",
        Implementation = "dinov2",
        Settings = SettingsJson.Of(new { Config, Interpolation }),
        Stage = "backbone",
        Component = string.Create(CultureInfo.InvariantCulture, $"DINOv2 ViT, {Config.Layers} blocks of width {Config.Width}, patch {Config.PatchSize}, "
            + $"trained at {Config.ImageSize} px{(Config.Registers > 0 ? $", {Config.Registers} registers" : string.Empty)}"),
        Options = new Dictionary<string, string>
        {
            ["feed_forward"] = Config.SwiGlu ? "SwiGLU" : "MLP, GELU", ["position_interpolation"] = Interpolation.ToString(),
        },
        Weights = [_weights.Value],
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _vision.Dispose();
        _parameters.Dispose();
    }
}
