using System.Globalization;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Files;
using MfpClip.Kernels;
using MfpClip.Native;
using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Hybrid;

/// <summary>A small CLIP on frozen EfficientNet-Lite0 stages, made by this project's own pretraining.</summary>
public sealed class HybridBackbone : IClipBackbone, IFrozenNetwork
{
    /// <summary>What the file's metadata says under <c>format</c>.</summary>
    internal const string Format = "mfpclip-hybrid-1";

    private readonly HybridVisionTower _vision;
    private readonly WeightsDescription _weights;

    private HybridBackbone(HybridConfig config, ParameterSet parameters, EfficientNetLite cnn, WeightsDescription weights)
    {
        (Config, Parameters, _weights) = (config, parameters, weights);
        _vision = new(config, parameters, cnn);
        Text = new TextTower(config.Clip, parameters, TransformerKernels.Plain); // pretraining changes these weights in place
        using var scope = torch.NewDisposeScope();
        LogitScale = Math.Exp(parameters["logit_scale"].to_type(ScalarType.Float64).item<double>());
    }

    /// <summary>Sizes.</summary>
    public HybridConfig Config { get; }

    /// <inheritdoc/>
    public IVisionTower Vision => _vision;

    /// <inheritdoc/>
    public ITextTower Text { get; }

    /// <inheritdoc/>
    public double LogitScale { get; }

    /// <inheritdoc/>
    public (float[] Mean, float[] Std) Normalization => EfficientNetLite.Normalization;

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights => [.. Parameters.Ordered, .. _vision.Frozen];

    /// <summary>What pretraining trains: all own tensors but the fixed statistics of the maps, by name.</summary>
    /// <remarks>Whoever reads this may change them: from then on no kernel keeps a copy of them, and detections take longer.</remarks>
    public IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights
    {
        get
        {
            _vision.ExpectChanges();
            return [.. Parameters.Ordered.Where(p => !p.Key.StartsWith("visual.stats.", StringComparison.Ordinal))];
        }
    }

    internal HybridVisionTower Tower => _vision;

    internal ParameterSet Parameters { get; }

    /// <summary>Loads a model.</summary>
    /// <param name="path">Safetensors written by the pretraining.</param>
    /// <param name="options">Device and precision; sizes are the file's own.</param>
    /// <exception cref="WeightsException">The file is damaged or of another kind.</exception>
    /// <exception cref="WeightsMismatchException">Tensors are missing, unexpected or of the wrong shape.</exception>
    public static HybridBackbone Load(string path, ClipBackboneOptions? options = null)
    {
        options ??= new();
        var device = DeviceSelection.Resolve(options.Device, options.Precision);
        return DamagedContent.Guard(path, () =>
        {
            using var file = WeightFile.Open(path);
            return Load(file, device, options.Precision);
        });
    }

    /// <summary>Makes a model with random weights of its own, for training, tests and dry runs: it finds nothing.</summary>
    /// <param name="config">Sizes.</param>
    /// <param name="seed">The same seed gives the same weights on every machine.</param>
    /// <param name="options">Device and precision.</param>
    /// <param name="cnn">The frozen network, EfficientNet-Lite0 under its own names; <see langword="null"/>: random, too.</param>
    /// <exception cref="WeightsException">The file does not hold this network.</exception>
    public static HybridBackbone CreateRandom(HybridConfig config, long seed, ClipBackboneOptions? options = null, IWeightFile? cnn = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        options ??= new();
        using var scope = torch.NewDisposeScope();
        var start = new ParameterInitializer(seed);
        var own = HybridShapes.Of(config).Select(s => new KeyValuePair<string, Tensor>(s.Name, HybridShapes.Start(s.Name, s.Shape, config, start)));
        var network = cnn is null ? EfficientNetLiteWeights.Random(EfficientNetLiteLayout.Blocks.Count, head: true, seed) : Network(cnn);
        var frozen = network.Select(t => new KeyValuePair<string, Tensor>(HybridShapes.Cnn + t.Key, t.Value));
        using var file = new TensorWeightFile($"random (seed {seed.ToString(CultureInfo.InvariantCulture)})", own.Concat(frozen), Metadata(config));
        return Load(file, DeviceSelection.Resolve(options.Device, options.Precision), options.Precision);
    }

    /// <summary>Writes the model as <see cref="Load(string, ClipBackboneOptions)"/> reads it; the table of words in half precision.</summary>
    /// <param name="path">The file to be made; atomic.</param>
    /// <param name="cnn">The frozen network, EfficientNet-Lite0 under its own names.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public void Save(string path, IWeightFile cnn)
    {
        ArgumentNullException.ThrowIfNull(cnn);
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        // The table of words is most of the file.
        var own = Parameters.Ordered.Select(
            p => new KeyValuePair<string, Tensor>(p.Key, p.Key == "token_embedding.weight" ? p.Value.detach().to_type(ScalarType.Float16) : p.Value));
        var frozen = Network(cnn).Select(t => new KeyValuePair<string, Tensor>(HybridShapes.Cnn + t.Key, t.Value));
        SafetensorsWriter.Write(path, own.Concat(frozen), Metadata(Config));
    }

    /// <summary>Whether an opened file is of this kind.</summary>
    internal static bool IsIn(IWeightFile file) => file.Metadata.TryGetValue("format", out string? format) && format == Format;

    internal static Dictionary<string, string> Metadata(HybridConfig config) => new() { ["format"] = Format, ["config"] = config.ToJson() };

    internal static HybridBackbone Load(IWeightFile file, Device device, ScalarType precision)
    {
        if (!IsIn(file))
        {
            throw new WeightsException(file.Path, $"its metadata does not say '{Format}'. Load CLIP files with ClipBackbone.Load, or either with UseBackbone.");
        }

        var config = HybridConfig.Parse(file.Path, file.Metadata.GetValueOrDefault("config", "{}"));
        Check(file, config);
        var parameters = new ParameterSet();
        EfficientNetLite? cnn = null;
        try
        {
            using var guard = torch.no_grad();
            foreach (var (name, _) in HybridShapes.Of(config))
            {
                using var scope = torch.NewDisposeScope();
                var value = file.ReadFinite(name, "The file is damaged or its training diverged.");
                parameters.Add(name, value.to(precision, device).contiguous());
            }

            cnn = EfficientNetLite.Load(file, HybridShapes.Cnn, HybridShapes.TowerBlocks, head: false);
            cnn.To(device);
            return new(config, parameters, cnn, new(Path.GetFileName(file.Path), file.ComputeSha256(), parameters.Count + cnn.Count));
        }
        catch
        {
            cnn?.Dispose();
            parameters.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public StageDescription Describe() => new()
    {
        Id = "backbone",
        Implementation = "hybrid-clip",
        Settings = SettingsJson.Of(Config),
        Stage = "backbone",
        Component = $"small CLIP: EfficientNet-Lite0 stages (frozen), then {Config.Vision.Layers} blocks of width {Config.Vision.Width}, patch "
            + $"{HybridVisionConfig.PatchSize}",
        Options = new Dictionary<string, string>
        {
            ["trained at"] = $"{Config.Vision.ImageSize} px",
            ["embed_dim"] = Config.EmbedDim.ToString(CultureInfo.InvariantCulture),
            ["text"] = $"{Config.Text.Layers} blocks of width {Config.Text.Width}",
            ["maps"] = string.Join(", ", Config.Vision.Maps().Select(m => m.Name)),
            ["standardised"] = string.Join(" and ", ((bool On, string Name)[])[(Config.Vision.FixedStatistics, "by fixed statistics"),
                (Config.Vision.WithinImage, "within the image")] is var ways ? ways.Where(w => w.On).Select(w => w.Name) : []),
            ["nearest own patches"] = Config.Vision.NearestPatches ? "on" : "off",
            ["logit_scale"] = LogitScale.ToString("0.###", CultureInfo.InvariantCulture),
        },
        Weights = [_weights],
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _vision.Dispose();
        Parameters.Dispose();
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Network(IWeightFile file)
    {
        EfficientNetLiteWeights.Check(file);
        return EfficientNetLiteWeights.Tensors(EfficientNetLiteLayout.Blocks.Count, head: true)
            .Select(t => new KeyValuePair<string, Tensor>(t.Name, file.Read(t.Name)));
    }

    private static void Check(IWeightFile file, HybridConfig config)
    {
        var cnn = EfficientNetLiteWeights.Tensors(EfficientNetLiteLayout.Blocks.Count, head: true);
        ShapeCheck.Require(file, HybridShapes.Of(config).Concat(cnn.Select(t => (HybridShapes.Cnn + t.Name, t.Shape))));
    }
}
