using MfpClip.Backbones.Cnn;
using MfpClip.Evaluation.Metrics;
using MfpClip.Methods.Mfp;
using MfpClip.Tensors;
using MfpClip.Text;

namespace MfpClip.Training.Pretraining;

/// <summary>AUROC on pictures of held-out categories, as a detector would see them.</summary>
internal static class PretrainingValidation
{
    private const int Batch = 16;

    /// <param name="model">Model with its modules.</param>
    /// <param name="frozen">Takes records apart.</param>
    /// <param name="cache">Pictures of held-out categories.</param>
    /// <param name="prompts">Whether I2TP and SP take part.</param>
    public static PretrainingScore Run(PretrainingModel model, FrozenFeatures frozen, FeatureCache cache, bool prompts)
    {
        var found = new Dictionary<string, Found>(StringComparer.Ordinal);
        using var guard = torch.no_grad();
        for (int start = 0; start < cache.Pictures.Count; start += Batch)
        {
            using var scope = torch.NewDisposeScope();
            var rows = Enumerable.Range(start, Math.Min(Batch, cache.Pictures.Count - start)).ToList();
            var (features, cnn, masks) = frozen.Split(cache.Read(rows));
            var (Z, v) = model.EncodeImages(features, cnn, selfPrompt: prompts);
            var t = States(model, [.. rows.Select(r => cache.Pictures[r].Category)], prompts ? cnn : null);
            var maps = model.Maps(Z, t, (int)masks.shape[1]);
            var M = ((maps.Coarse + maps.Prompted) / 2).select(1, 1);
            var top = PretrainingLoss.Top(M).cpu().data<float>().ToArray();
            var global = (HybridComposition.Score.Tau * (v.unsqueeze(1) * t).sum(-1)).softmax(-1).select(1, 1).cpu().data<float>().ToArray();
            for (int i = 0; i < rows.Count; i++)
            {
                var picture = cache.Pictures[rows[i]];
                if (!found.TryGetValue(picture.Category, out var category))
                {
                    found[picture.Category] = category = new([], [], [], [], []);
                }

                category.Labels.Add(picture.IsDefective);
                category.Tops.Add(top[i]);
                category.Scores.Add((top[i] + global[i]) / 2);
                category.Pixels.AddRange(M[i].cpu().contiguous().data<float>().ToArray().Select(p => (double)p));
                category.Masks.AddRange(masks[i].cpu().contiguous().data<float>().ToArray().Select(p => p >= PretrainingLoss.Covered));
            }
        }

        return new(Mean(c => c.Scores, c => c.Labels), Mean(c => c.Tops, c => c.Labels), Mean(c => c.Pixels, c => c.Masks));

        double Mean(Func<Found, List<double>> scores, Func<Found, List<bool>> labels) => found.Values
            .Select(c => ImageMetrics.Compute(scores(c).ToArray(), labels(c).ToArray()).Auroc.Value)
            .Where(v => v is not null).Select(v => 100 * v!.Value).DefaultIfEmpty(double.NaN).Average();
    }

    /// <summary>t of each image, with I2TP where there are features, over the ensemble of sentences: <c>[B, 2, C]</c>.</summary>
    private static Tensor States(PretrainingModel model, IReadOnlyList<string> categories, CnnFeatures? cnn)
    {
        using var scope = torch.NewDisposeScope();
        var tokenizer = ClipTokenizer.Default;
        var sentences = categories.Select(c => HybridComposition.Templates.Expand(c)).ToList();
        Tensor Embed(Func<(IReadOnlyList<string> Normal, IReadOnlyList<string> Abnormal), IReadOnlyList<string>> state)
        {
            int count = state(sentences[0]).Count;
            var ids = sentences.SelectMany(state).Select(s => (int[])[tokenizer.StartId, .. tokenizer.Encode(s), tokenizer.EndId]).ToList();
            var e = model.EncodeTexts(ids, cnn is null ? null : new(cnn.Pooled.repeat_interleave(count, 0), []));
            return UnitVectors.Normalize(e.view(categories.Count, count, -1).mean([1]));
        }

        return torch.stack([Embed(s => s.Normal), Embed(s => s.Abnormal)], 1).MoveToOuterDisposeScope();
    }

    private sealed record Found(List<bool> Labels, List<double> Tops, List<double> Scores, List<double> Pixels, List<bool> Masks);
}
