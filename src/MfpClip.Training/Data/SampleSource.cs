using System.Collections.Concurrent;
using MfpClip.Imaging;
using MfpClip.Objectives;

namespace MfpClip.Training.Data;

/// <summary>Prepared images by place in the training, kept in memory as far as the budget reaches. Safe for concurrent callers.</summary>
internal sealed class SampleSource
{
    private readonly ITrainingData _data;
    private readonly IImagePreprocessor _preprocessor;
    private readonly TrainingRecipe _recipe;
    private readonly long _budget;
    private readonly ConcurrentDictionary<int, PreparedSample> _kept = new();
    private readonly Dictionary<string, int[]> _byClass;
    private long _bytes;

    /// <param name="data">Where images come from.</param>
    /// <param name="preprocessor">The detector's.</param>
    /// <param name="recipe">Seed and mosaics.</param>
    /// <param name="budget">Bytes of prepared images to keep. The first ones stay: a loop over more than fits would throw out each before its turn.</param>
    public SampleSource(ITrainingData data, IImagePreprocessor preprocessor, TrainingRecipe recipe, long budget)
    {
        (_data, _preprocessor, _recipe, _budget) = (data, preprocessor, recipe, budget);
        _byClass = recipe.MosaicProbability > 0
            ? Enumerable.Range(0, data.Count).GroupBy(data.ClassNameOf, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal)
            : [];
    }

    /// <summary>Number of images kept.</summary>
    public int KeptCount => _kept.Count;

    /// <summary>The image that stands at a place of an epoch; it may be a mosaic.</summary>
    /// <param name="index">Index in the data.</param>
    /// <param name="epoch">From 0.</param>
    /// <param name="position">Place in the epoch's order.</param>
    public PreparedSample At(int index, int epoch, int position)
    {
        if (_recipe.MosaicProbability > 0)
        {
            var random = StepRandom.At(_recipe.Seed, 2, epoch, position);
            if (random.Uniform() < _recipe.MosaicProbability)
            {
                int[] same = _byClass[_data.ClassNameOf(index)];
                TrainingSample[] four = [.. Enumerable.Range(0, 4).Select(_ => same[random.Below(same.Length)]).ToArray().Select(_data.Load)];
                return PreparedSample.Of(Mosaic.Of(four), _preprocessor);
            }
        }

        return Single(index);
    }

    private PreparedSample Single(int index)
    {
        if (_kept.TryGetValue(index, out var kept))
        {
            return kept;
        }

        var made = PreparedSample.Of(_data.Load(index), _preprocessor);
        if (Interlocked.Add(ref _bytes, made.Bytes) > _budget || !_kept.TryAdd(index, made))
        {
            Interlocked.Add(ref _bytes, -made.Bytes);
        }

        return made;
    }
}
