using MfpClip.Detection;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Pipeline;
using MfpClip.References;
using MfpClip.Tensors;

namespace MfpClip.Methods.AnomalyDino;

/// <summary>
/// AnomalyDINO without references (section 5; run_anomalydino_batched.py): the patches of each image against those of the other images of the tested batch.
/// Images are not turned and always compared by the cosine, as in the authors' code.
/// </summary>
/// <remarks>Stands on the network of another pass and is not disposed.</remarks>
internal sealed class AnomalyDinoBatch(AnomalyDinoOptions options, MethodContext context) : AnomalyDinoPass(
    options with { Rotations = [0], MaskReferences = false, Distance = NeighbourDistance.Cosine, Neighbours = 1 }, context)
{
    private readonly bool _masks = options.Masking;
    private readonly string _id = "anomaly-dino-batch " + SettingsJson.Of(new { options.BatchFraction });

    public override NormalImagePass? TestedBatch => null;

    public override bool IsBatch => true;

    public override string Id => _id;

    public override INormalModel Learn(IReadOnlyList<ReferenceEntry> entries, ReferenceOptions options, Device device) =>
        new AnomalyDinoBatchModel(entries, Scorer, device);

    /// <remarks>
    /// Tokens are ordered so that the first of them lie evenly in the image: where memory is short a part of each image stands for it, and the fraction of
    /// them that a patch is compared with is what it would be of all.
    /// </remarks>
    public override ReferenceEntry Read(string id, string name, RgbImage image, InputSettings input, ReferenceOptions options, ForwardContext context)
    {
        using var read = base.Read(id, name, image, input, options, context);
        using var scope = torch.NewDisposeScope();
        int[] order = [.. Enumerable.Range(0, read.Cells.Length).OrderBy(i => Place(read.Cells[i] / read.Columns, read.Cells[i] % read.Columns))];
        return read with
        {
            Tokens = read.Tokens.index_select(0, torch.tensor(order.Select(o => (long)o).ToArray())).DetachFromDisposeScope(),
            Cells = [.. order.Select(o => read.Cells[o])], IsOrdered = true,
        };
    }

    protected override Tensor Distances(MemoryBank bank, ImageBatch images, ForwardContext context, IReadOnlyList<ReferenceEntry?>? leftOut)
    {
        using var scope = torch.NewDisposeScope();
        var model = (AnomalyDinoBatchModel)bank.Model;
        var (rows, columns) = Grid(images);
        float[]?[] known = [.. Enumerable.Range(0, images.Count).Select(i => leftOut?[i] is { } own ? model.Known(own) : null)];
        // What the images are masked with is not stored.
        var features = !_masks && known.All(k => k is not null) ? null
            : PassFeatures.Get(this, images, context, Precision, Device, () => Features(images, context).Features); // [B, P, D]
        context.Trace?.Finish("features");
        return torch.stack([.. known.Select((k, i) =>
        {
            var distances = k is not null ? torch.tensor(k, device: Device)
                : model.Compare(UnitVectors.Normalize(features![i]), leftOut?[i], context.CancellationToken);
            return features is null ? distances.view(rows, columns) : Scorer.Masked(distances, features[i], rows, columns);
        })], 0).MoveToOuterDisposeScope();
    }

    // The additive recurrence of two dimensions (R2): cells below any threshold lie evenly.
    private static double Place(int row, int column)
    {
        double at = (row * 0.7548776662466927) + (column * 0.5698402909980532);
        return at - Math.Floor(at);
    }
}
