using MfpClip.Backbones;
using MfpClip.Training;

namespace MfpClip.Pipeline;

/// <summary>A composed method as a trainer sees it: the modules' tensors, the forward pass with its graph, and the objective of its paper.</summary>
internal sealed class PipelineTraining(PipelineParts parts, MfpClipPipeline pipeline, TextCache texts, string name, ITrainingObjective objective) : ITrainableMethod
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public TrainingRecipe Recipe => objective.Recipe;

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
    public void WeightsChanged() => texts.ForgetTexts();

    // Every term is a mean over images, so images of one class go through together and count by their share.
    private void Add(TermSums sums, string className, TrainingBatch part, double share, double maskShare, CancellationToken cancellationToken)
    {
        var device = parts.Backbone.Vision.Device;
        var output = texts.WithSentences(
            className, states => pipeline.Forward(part.Images.to(device), states, stageMaps: objective.ReadsStageMaps, cancellationToken: cancellationToken));
        objective.Add(sums, output, part, share, maskShare);
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Frozen(string prefix, object? network) =>
        (network as IFrozenNetwork)?.FrozenWeights.Select(w => new KeyValuePair<string, Tensor>($"{prefix}.{w.Key}", w.Value)) ?? [];
}
