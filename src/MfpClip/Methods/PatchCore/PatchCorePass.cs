using System.Globalization;
using MfpClip.Backbones.Cnn;
using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip.Methods.PatchCore;

/// <summary>PatchCore's patches, coreset and distances (section 3).</summary>
internal sealed class PatchCorePass : NormalImagePass
{
    private readonly PatchCoreOptions _options;
    private readonly ICnnFeatureExtractor _cnn;
    private readonly ICnnFeatureMaps _maps;
    private readonly PatchCoreScorer _scorer;
    private readonly string[] _stages;

    public PatchCorePass(PatchCoreOptions options, MethodContext context)
    {
        (_options, _maps, _scorer) = (options, context.RequireCnnMaps(), new(options));
        _cnn = context.Cnn!;
        _stages = [.. StagesOf(options, _maps.Maps).Select(s => s <= _maps.Maps.Count ? _maps.Maps[s - 1].Name : throw new DetectorConfigurationException(
            [$"PatchCore: stage {s} is to be read, but the CNN has {_maps.Maps.Count}: {string.Join(", ", _maps.Maps.Select(m => m.Name))}."]))];
        Stages =
        [
            _cnn.Describe(),
            new()
            {
                Id = "patchcore", Implementation = "patchcore", Settings = SettingsJson.Of(options), Stage = "patch distances",
                Component = $"{string.Join(" and ", _stages)}, neighbourhoods of {options.Neighbourhood} x {options.Neighbourhood}, coreset of normal ones",
                Options = new Dictionary<string, string>
                {
                    ["coreset"] = options.Coreset.ToString(), ["fraction"] = options.CoresetFraction.ToString(CultureInfo.InvariantCulture),
                    ["distance"] = options.Distance.ToString(), ["image_score"] = options.ImageScore.ToString(),
                },
            },
        ];
        context.Backbone?.Dispose(); // a model's package brings one, and no token of it is read
    }

    public override string Method => PatchCoreMethod.About.FullName;

    public override IReadOnlyList<StageDescription> Stages { get; }

    public override Device Device => _maps.Device;

    public override ScalarType Precision => ScalarType.Float32;

    public override string Id => "patchcore " + SettingsJson.Of(
        new { Stages = _stages, _options.Neighbourhood, _options.Stride, _options.Embedding, _options.StageWidth, _options.Width, _options.Distance });

    protected override int TokenWidth => _options.Embedding == PatchEmbeddingKind.AdaptivePooling ? _options.Width
        : _stages.Sum(s => _maps.Maps.First(m => m.Name == s).Channels);

    /// <summary>Chooses the stored patches of all references together, and says of each reference which are its own.</summary>
    public override INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device)
    {
        using var scope = torch.NewDisposeScope();
        var coresets = new PatchCoreCoresets(entries, _options with { Seed = _options.Seed + options.Seed }, device);
        return new NeighbourModel(entries, options, device, coresets.OfEach())
        {
            Distance = _options.Distance, Neighbours = _options.Neighbours, Chosen = coresets,
        };
    }

    public override ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var batch = Batch(image, input);
        var (vectors, rows, columns) = Vectors(batch);
        return new(
            id, name, image.Width, image.Height, rows, columns, vectors[0].cpu().contiguous().DetachFromDisposeScope(),
            [.. Enumerable.Range(0, rows * columns)], new float[rows * columns], 0)
        {
            IsOrdered = false,
        };
    }

    public override (Tensor Map, Tensor Score) Distances(
        MemoryBank bank, ImageBatch images, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var model = (NeighbourModel)bank.Model;
        context.Trace?.Start();
        var features = PassFeatures.Get(this, images, context, Precision, Device, () => Grid(images)); // [B, h, w, D]
        var (vectors, rows, columns) = (features.flatten(1, 2), (int)features.shape[1], (int)features.shape[2]);
        context.Trace?.Finish("features");
        var (maps, scores) = (new List<Tensor>(), new List<Tensor>());
        for (int i = 0; i < images.Count; i++)
        {
            var left = leftOut?[i];
            var memory = left is null ? model.Memory : model.Without(left);
            var (distances, nearest) = _scorer.Compare(vectors[i], memory, context.CancellationToken, left is null ? model : null);
            var grid = Inside(distances.view(1, rows, columns), region?.narrow(0, i, 1)); // [1, h, w]
            scores.Add(_scorer.Score(grid.flatten(1), nearest.unsqueeze(0), vectors.narrow(0, i, 1), memory));
            maps.Add(_scorer.Map(grid, images.Height, images.Width));
        }

        context.Trace?.Finish("references");
        var score = torch.cat(scores, 0).to_type(ScalarType.Float32);
        return (torch.cat(maps, 0).MoveToOuterDisposeScope(), score.MoveToOuterDisposeScope());
    }

    public override object? GetService(Type serviceType) => base.GetService(serviceType) ?? _cnn.GetService(serviceType);

    public override void Dispose() => _cnn.Dispose();

    // The published stages are those of strides 8 and 16 of a residual network: of another CNN they are the maps of these strides.
    private static IReadOnlyList<int> StagesOf(PatchCoreOptions options, IReadOnlyList<CnnMap> maps)
    {
        int[] alike = [.. Enumerable.Range(1, maps.Count).Where(s => maps[s - 1].Stride is 8 or 16)];
        return alike.Length == 2 && options.Stages.SequenceEqual(new PatchCoreOptions().Stages) ? alike : options.Stages;
    }

    private Tensor Grid(ImageBatch images)
    {
        using var scope = torch.NewDisposeScope();
        var (vectors, rows, columns) = Vectors(images);
        return vectors.view(images.Count, rows, columns, -1).MoveToOuterDisposeScope();
    }

    /// <summary>The vectors of patches, <c>[B, h * w, D]</c>, as they are compared, and the grid.</summary>
    internal (Tensor Vectors, int Rows, int Columns) Vectors(ImageBatch images)
    {
        using var scope = torch.NewDisposeScope();
        var maps = _maps.ExtractMaps(images.Normalized(_maps.Normalization, _maps.Device), _stages);
        var (vectors, rows, columns) = PatchEmbedding.Embed(maps, _options);
        return (_scorer.Comparable(vectors).view(images.Count, rows * columns, -1).MoveToOuterDisposeScope(), rows, columns);
    }
}
