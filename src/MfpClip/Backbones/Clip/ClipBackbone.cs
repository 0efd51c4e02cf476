using System.Globalization;
using MfpClip.Backbones.Clip.Loading;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Kernels;
using MfpClip.Native;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Clip;

/// <summary>A CLIP model of OpenAI's family, from a published file or with random weights.</summary>
public sealed class ClipBackbone : IClipBackbone, IFrozenNetwork, IKernelMeasurement, IPackedWeights
{
    private static readonly float[] OpenAiMean = [0.48145466f, 0.4578275f, 0.40821073f];
    private static readonly float[] OpenAiStd = [0.26862954f, 0.26130258f, 0.27577711f];
    private const int SentenceTokens = 13; // a state's sentence with its start and end
    private static readonly int[] Sentences = [1, 2]; // at once

    private readonly bool _measured;
    private readonly Lock _preparing = new();
    private bool _prepared;
    private readonly ParameterSet _parameters;
    private readonly VisionTower _vision;
    private readonly TextTower _text;
    private readonly Lazy<WeightsDescription> _weights;

    private ClipBackbone(ClipConfig config, ParameterSet parameters, ClipBackboneOptions options, (float[], float[])? normalization,
        Func<WeightsDescription> weights)
    {
        (Config, _parameters, _weights, Interpolation) = (config, parameters, new(weights), options.Interpolation);
        _measured = options.Kernels != KernelChoice.Plain;
        var kernels = _measured ? KernelMeasurement.Measured : TransformerKernels.Plain;
        _vision = new(config, parameters, options.Interpolation, kernels);
        _text = new(config, parameters, kernels);
        using var scope = torch.NewDisposeScope();
        LogitScale = Math.Exp(parameters["logit_scale"].to_type(ScalarType.Float64).item<double>());
        Normalization = normalization ?? (OpenAiMean, OpenAiStd);
    }

    /// <summary>Sizes.</summary>
    public ClipConfig Config { get; }

    /// <summary>How the position table is resized.</summary>
    public PositionInterpolation Interpolation { get; }

    /// <inheritdoc/>
    public IVisionTower Vision => _vision;

    /// <inheritdoc/>
    public ITextTower Text => _text;

    /// <inheritdoc/>
    public double LogitScale { get; }

    /// <inheritdoc/>
    public (float[] Mean, float[] Std) Normalization { get; }

    /// <summary>Whether the weights are random rather than read from a file.</summary>
    public bool IsRandom { get; private init; }

    /// <summary>Loads a model.</summary>
    /// <param name="path">
    /// A weight file (Hugging Face or open_clip <c>.safetensors</c>, open_clip <c>.bin</c>, OpenAI TorchScript <c>.pt</c>, plain state
    /// dictionary), or a folder that holds one. <c>config.json</c> or <c>open_clip_config.json</c> beside it is read.
    /// </param>
    /// <param name="options">Device, precision, overrides.</param>
    /// <param name="cancellationToken">Checked between tensors.</param>
    /// <exception cref="WeightsException">The file or its configuration is damaged, absent, of no known kind, or contradicts the options.</exception>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of the wrong shape.</exception>
    /// <exception cref="DetectorConfigurationException">The device or precision cannot be used.</exception>
    public static ClipBackbone Load(string path, ClipBackboneOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        var device = DeviceSelection.Resolve(options.Device, options.Precision);
        string file = ClipFiles.FindWeights(path);
        return DamagedContent.Guard(file, () =>
        {
            var beside = ClipFiles.ReadConfigNextTo(file);
            using var weights = WeightFile.Open(file);
            return Load(weights, beside, options, device, cancellationToken);
        });
    }

    /// <summary>Loads from an opened file; used where a file holds more than CLIP.</summary>
    internal static ClipBackbone Load(
        IWeightFile weights, ClipFileConfig? beside, ClipBackboneOptions options, Device device, CancellationToken cancellationToken = default)
    {
        var names = ClipTensorNames.Map(weights);
        var config = ClipConfigResolution.Resolve(weights, names, beside, options);
        var parameters = ClipWeightLoader.Load(weights, names, config, device, options.Precision, cancellationToken);
        string path = weights.Path;
        string sha = weights.ComputeSha256();
        long count = parameters.Count;
        return new(config, parameters, options, beside?.Normalization, () => new(Path.GetFileName(path), sha, count));
    }

    /// <summary>Makes a model with random weights, for tests and dry runs: it finds nothing.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="seed">The same seed gives the same weights on every machine.</param>
    /// <param name="options">Device and precision.</param>
    public static ClipBackbone CreateRandom(ClipConfig config, long seed, ClipBackboneOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        options ??= new();
        var device = DeviceSelection.Resolve(options.Device, options.Precision);
        ClipConfigResolution.Check("random weights", config);
        config = options.ActivationOverride is { } choose ? config with { Activation = choose(config) } : config;
        var parameters = ClipRandomWeights.Create(config, seed, device, options.Precision);
        return new(config, parameters, options, null, () => new(
            $"random (seed {seed.ToString(CultureInfo.InvariantCulture)})", parameters.Hash(), parameters.Count)) { IsRandom = true };
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => _parameters.Ordered;

    /// <inheritdoc/>
    /// <remarks>Runs one block of each tower. Nothing on a GPU or with <see cref="KernelChoice.Plain"/>, where there is no choice.</remarks>
    public void MeasureKernels(int imageSize)
    {
        if (!_measured || Vision.Device.type != DeviceType.CPU)
        {
            return;
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        Vision.RunBlocks(Ramp(1, ImageTokens(imageSize), Vision.Width), 0, 1, ForwardContext.Default);
        foreach (int states in Sentences)
        {
            Text.RunBlocks(Ramp(states, StateTokens, Text.Width), 0, 1, ForwardContext.Default);
        }

        // Without the generator that others draw from.
        Tensor Ramp(params long[] shape) => torch.arange(shape.Aggregate(1L, (n, i) => n * i), dtype: ScalarType.Float32).sin_().view(shape)
            .to_type(Vision.Precision);
    }

    /// <inheritdoc/>
    void IPackedWeights.Prepare(int imageSize)
    {
        lock (_preparing)
        {
            MeasureKernels(imageSize);
            if (_prepared || !_measured || Vision.Device.type != DeviceType.CPU)
            {
                return;
            }

            _prepared = true;
            using var scope = torch.NewDisposeScope();
            _vision.KeepPacked(torch.empty([1, ImageTokens(imageSize), Vision.Width], Vision.Precision));
            foreach (int states in Sentences)
            {
                _text.KeepPacked(torch.empty([states, StateTokens, Text.Width], Text.Precision));
            }
        }
    }

    private int StateTokens => Math.Min(SentenceTokens, Text.ContextLength);

    private int ImageTokens(int imageSize) => 1 + (imageSize / Vision.PatchSize * (imageSize / Vision.PatchSize));

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "backbone",
        Implementation = "clip",
        Settings = SettingsJson.Of(new { Config, Interpolation }),
        Stage = "backbone",
        Component = $"CLIP ViT, {Config.Vision.Layers} blocks of width {Config.Vision.Width}, patch {Config.Vision.PatchSize}, trained at "
            + $"{Config.Vision.ImageSize} px",
        Options = new Dictionary<string, string>
        {
            ["activation"] = Config.Activation.ToString(),
            ["embed_dim"] = Config.EmbedDim.ToString(CultureInfo.InvariantCulture),
            ["text"] = $"{Config.Text.Layers} blocks of width {Config.Text.Width}",
            ["position_interpolation"] = Interpolation.ToString(),
            ["logit_scale"] = LogitScale.ToString("0.###", CultureInfo.InvariantCulture),
        },
        Weights = [_weights.Value],
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _vision.Dispose();
        _text.Dispose();
        _parameters.Dispose();
    }
}
