using MfpClip.Detection;
using MfpClip.Prompts;
using MfpClip.Training.Losses;

namespace MfpClip.Training;

/// <summary>
/// How MFP-CLIP is trained (spec section 8). Given by the paper: focal and Dice loss on the map, binary cross entropy on the score, I2TP
/// projection, SP adapters, Linear_i and MP trained, everything else frozen. Reconstructed: both maps, M_c and M_f, are supervised.
/// </summary>
internal sealed class MfpClipTraining(PipelineParts parts, MfpClipPipeline pipeline, TextCache texts, string name) : ITrainableMethod
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public TrainingRecipe Recipe { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> TrainedWeights => ModuleCheckpoint.Collect(parts.Checkpointed);

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, Tensor>> FrozenWeights =>
        [.. Frozen("backbone", parts.Backbone), .. Frozen("cnn", parts.Cnn)];

    /// <inheritdoc/>
    public TrainingLoss Loss(TrainingBatch batch, CancellationToken cancellationToken = default)
    {
        using var scope = torch.NewDisposeScope();
        var groups = Enumerable.Range(0, batch.Count).GroupBy(i => batch.ClassNames[i].Trim(), i => (long)i, StringComparer.Ordinal).ToList();
        var sums = new TermSums();
        foreach (var group in groups)
        {
            var part = groups.Count == 1 ? batch : batch.Take([.. group]);
            Add(sums, group.Key, part, (double)part.Count / batch.Count, part.Masked.Length / Math.Max((double)batch.Masked.Length, 1), cancellationToken);
        }

        return sums.Finish();
    }

    /// <inheritdoc/>
    public void WeightsChanged() => texts.Clear();

    // Every term is a mean over images, so images of one class go through together and count by their share.
    private void Add(TermSums sums, string className, TrainingBatch part, double share, double maskShare, CancellationToken cancellationToken)
    {
        var device = parts.Backbone.Vision.Device;
        var output = texts.WithSentences(className, states => pipeline.Forward(part.Images.to(device), states, cancellationToken: cancellationToken));
        var masked = part.Masked;
        if (masked.Length > 0)
        {
            var rows = torch.tensor(masked, dtype: ScalarType.Int64, device: device);
            var gt = part.Masks.to(device).index_select(0, rows); // [B', H, W]
            AddMap(sums, "M_c", output.Coarse.index_select(0, rows), gt, maskShare);
            if (output.Prompted is { } prompted)
            {
                AddMap(sums, "M_f", prompted.index_select(0, rows), gt, maskShare);
            }
        }

        sums.Add("BCE S", ScoreLoss.BinaryCrossEntropy(output.Score.to_type(ScalarType.Float32), part.Labels.to(device)), share);
    }

    private static void AddMap(TermSums sums, string map, Tensor probabilities, Tensor gt, double share)
    {
        var p = probabilities.to_type(ScalarType.Float32);
        sums.Add($"focal {map}", FocalLoss.Default.Mean(p, gt), share);
        sums.Add($"dice {map}", DiceLoss.Mean(p.select(1, 1), gt), share);
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Frozen(string prefix, object? network) =>
        (network as IFrozenNetwork)?.FrozenWeights.Select(w => new KeyValuePair<string, Tensor>($"{prefix}.{w.Key}", w.Value)) ?? [];
}
