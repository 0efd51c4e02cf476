using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Objectives;

namespace MfpClip.Pipeline;

/// <summary>A composed method as a trainer sees it: the modules' tensors, the forward pass with its graph, and the objective of its paper.</summary>
internal sealed class PipelineTraining(PipelineParts parts, ModulePipeline pipeline, TextCache texts, string name, ITrainingObjective objective)
    : ITrainableMethod
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
    public TrainingLoss Loss(TrainingBatch batch, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var groups = Enumerable.Range(0, batch.Count).GroupBy(i => batch.ClassNames[i].Trim(), i => (long)i, StringComparer.Ordinal).ToList();
        var sums = new TermSums();
        foreach (var group in groups)
        {
            var part = groups.Count == 1 ? batch : batch.Take([.. group]);
            using var own = groups.Count == 1 ? null : part.Images;
            Add(sums, group.Key, part, (double)part.Count / batch.Count, part.MaskedRows.Count / Math.Max((double)batch.MaskedRows.Count, 1), context);
        }

        return sums.Finish();
    }

    /// <inheritdoc/>
    public void WeightsChanged() => texts.ClearTexts();

    // Every term is a mean over images, so images of one class go through together and count by their fraction.
    private void Add(TermSums sums, string className, TrainingBatch part, double fraction, double maskFraction, ForwardContext context)
    {
        using var image = new ImageContext(parts.Backbone, parts.Cnn, part.Images, parts.Stages, context);
        var output = texts.WithSentences(className, context, states => pipeline.Forward(image, states, stageMaps: objective.ReadsStageMaps));
        objective.Add(sums, output, part, fraction, maskFraction);
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Frozen(string prefix, ICapabilityProvider? network) =>
        network?.GetService<IFrozenNetwork>()?.FrozenWeights.Select(w => new KeyValuePair<string, Tensor>($"{prefix}.{w.Key}", w.Value)) ?? [];
}
