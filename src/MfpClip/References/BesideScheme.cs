using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Pipeline;

namespace MfpClip.References;

/// <summary>The references of two methods that are joined: what the one stores of an image, and what the zero-shot one says of it.</summary>
/// <param name="inner">The zero-shot method; stays the caller's.</param>
/// <param name="beside">The method that judges by normal images; stays the caller's.</param>
/// <param name="besideInput">How images become its input.</param>
internal sealed class BesideScheme(IDetectionPass inner, NormalImagePass beside, InputSettings besideInput) : IReferenceScheme
{
    public bool NeedsReferences => true;

    public IReferenceScheme? TestedBatch => beside.TestedBatch is { } batch ? new BesideScheme(inner, batch, besideInput) : null;

    public bool IsBatch => beside.IsBatch;

    public string Id => $"joined {beside.Id}";

    public string Name(string method) => $"{method} joined with {beside.Method}";

    public ReferenceOptions Resolve(ReferenceOptions? given) => beside.Resolve(given is null ? null : given with { Weight = null }) with
    {
        Weight = given?.Weight,
    };

    public void Bound(List<ReferenceEntry> entries, int known, ReferenceOptions options) => ((IReferenceScheme)beside).Bound(entries, known, options);

    public INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) => beside.Learn(entries, options, device);

    public ReferenceScale Measure(
        IReadOnlyList<ReferenceEntry> entries, IReadOnlyList<float[]> distances, ReferenceOptions options, INormalModel model) =>
        StoredReferences.Scheme.Measure(entries, distances, options, model);

    public ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        var entry = beside.Read(id, name, image, besideInput, options, context);
        try
        {
            using var scope = torch.NewDisposeScope();
            using var guard = torch.no_grad();
            using var images = ImageBatch.FromImages([input.Preprocessor.Prepare(image).Pixels]);
            var (map, score) = inner.Run(images, options.ClassName, null, context);
            map = (map / inner.MapMaximum).to_type(ScalarType.Float32);
            float[] cells = F.adaptive_avg_pool2d(map.unsqueeze(1), [entry.Rows, entry.Columns]).cpu().contiguous().data<float>().ToArray();
            return entry with { Map = cells, Score = score.to_type(ScalarType.Float32).cpu().data<float>()[0] };
        }
        catch
        {
            entry.Dispose();
            throw;
        }
    }

    public (Tensor Map, Tensor Score) Run(
        MemoryBank bank, ImageBatch images, string className, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (own, ownScore) = PassFeatures.Run(inner, images, className, region, context);
        own = (own / inner.MapMaximum).to_type(ScalarType.Float32);
        var (far, farScore) = Distances(bank, images, region, context with { Trace = null }, leftOut, own.shape[1], own.shape[2]);
        context.Trace?.Finish("joined method");
        var map = bank.Scale.JoinMaps(own, far.to(own.device), bank.Summary.Weight);
        map = region is null ? map : map * F.adaptive_max_pool2d(region.to(map.device).unsqueeze(1), [map.shape[1], map.shape[2]]).squeeze(1);
        var score = bank.Scale.JoinScores(ownScore.to_type(ScalarType.Float32), farScore.to(ownScore.device), bank.Summary.Weight);
        return (map.MoveToOuterDisposeScope(), score.MoveToOuterDisposeScope());
    }

    // Each image as the other method prepares it; those of one size run together.
    private (Tensor Map, Tensor Score) Distances(
        MemoryBank bank, ImageBatch images, Tensor? region, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut, long rows, long columns)
    {
        var originals = images.Originals ?? throw new InvalidOperationException("A joined method needs the images as they were decoded.");
        var prepared = originals.Select(o => besideInput.Preprocessor.Prepare(o).Pixels).ToList();
        var (maps, scores) = (new Tensor[prepared.Count], new Tensor[prepared.Count]);
        foreach (var group in Enumerable.Range(0, prepared.Count).GroupBy(i => (prepared[i].Width, prepared[i].Height)))
        {
            int[] places = [.. group];
            using var batch = ImageBatch.FromImages([.. places.Select(i => prepared[i])]);
            var inside = region is null ? null : F.interpolate(
                region.index_select(0, torch.tensor(places.Select(p => (long)p).ToArray(), device: region.device)).unsqueeze(1), [batch.Height, batch.Width],
                mode: torch.InterpolationMode.Nearest).squeeze(1);
            var (map, score) = beside.Distances(bank, batch, inside, context, leftOut is null ? null : [.. places.Select(p => leftOut[p])]);
            var resized = F.interpolate(
                map.to_type(ScalarType.Float32).unsqueeze(1), [rows, columns], mode: torch.InterpolationMode.Bilinear, align_corners: false).squeeze(1);
            for (int i = 0; i < places.Length; i++)
            {
                (maps[places[i]], scores[places[i]]) = (resized[i], score[i]);
            }
        }

        return (torch.stack(maps, 0), torch.stack(scores, 0).to_type(ScalarType.Float32));
    }
}
