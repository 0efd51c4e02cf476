using MfpClip.Evaluation.Metrics;
using MfpClip.Execution;
using MfpClip.Pipeline;

namespace MfpClip.Training.Pretraining;

/// <summary>AUROC on images of held-out categories, as a detector would see them.</summary>
internal static class PretrainingValidation
{
    private const int Batch = 16;

    /// <param name="model">Model with its modules.</param>
    /// <param name="frozen">Splits records.</param>
    /// <param name="cache">Images of held-out categories.</param>
    /// <param name="prompts">Whether I2TP and SP take part.</param>
    public static PretrainingScore Run(PretrainingModel model, FrozenFeatures frozen, FeatureCache cache, bool prompts)
    {
        var found = new Dictionary<string, Found>(StringComparer.Ordinal);
        using var guard = torch.no_grad();
        foreach (var group in Enumerable.Range(0, cache.Pictures.Count).GroupBy(i => cache.Pictures[i].Category, StringComparer.Ordinal))
        {
            var category = found[group.Key] = new([], [], [], [], []);
            foreach (int[] rows in group.Chunk(Batch))
            {
                using var scope = torch.NewDisposeScope();
                var (features, masks) = frozen.Split(cache.Read(rows));
                using var image = model.Image(features, ForwardContext.Default);
                var t = model.EmbedEnsemble(group.Key, prompts ? image : null, ForwardContext.Default);
                category.Add(model.Forward(image, t, selfPrompt: prompts, (int)masks.shape[1]), masks, [.. rows.Select(r => cache.Pictures[r].IsDefective)]);
            }
        }

        return new(Mean(c => c.Scores, c => c.Labels), Mean(c => c.Tops, c => c.Labels), Mean(c => c.Pixels, c => c.Masks));

        double Mean(Func<Found, List<double>> scores, Func<Found, List<bool>> labels) => found.Values
            .Select(c => ImageMetrics.Compute(scores(c).ToArray(), labels(c).ToArray()).Auroc.Value)
            .Where(v => v is not null).Select(v => 100 * v!.Value).DefaultIfEmpty(double.NaN).Average();
    }

    private sealed record Found(List<bool> Labels, List<double> Tops, List<double> Scores, List<double> Pixels, List<bool> Masks)
    {
        public void Add(PipelineOutput output, Tensor masks, IReadOnlyList<bool> labels)
        {
            var top = PretrainingLoss.Top(output.RawMap).cpu().data<float>().ToArray();
            var global = output.ImageLogits!.softmax(-1).select(1, 1).cpu().data<float>().ToArray();
            Labels.AddRange(labels);
            Tops.AddRange(top.Select(s => (double)s));
            Scores.AddRange(top.Zip(global, (s, g) => (double)((s + g) / 2)));
            Pixels.AddRange(output.RawMap.cpu().contiguous().data<float>().ToArray().Select(p => (double)p));
            Masks.AddRange(masks.cpu().contiguous().data<float>().ToArray().Select(p => p >= PretrainingLoss.Covered));
        }
    }
}
