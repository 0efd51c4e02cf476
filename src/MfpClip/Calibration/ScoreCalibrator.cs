namespace MfpClip.Calibration;

/// <summary>Finds thresholds from images whose state is known.</summary>
/// <remarks>
/// A calibration is bound to everything that moved the scores (<see cref="ScoreIdentity"/>), which results carry;
/// a detector of another identity refuses it. See docs/calibration.md.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "ApiDesign", "RS0026", Justification = "The first parameter, results or a detector, says which overload is meant.")]
public static class ScoreCalibrator
{
    /// <summary>Threshold from normal images only: the score that at most the given fraction of normal images reaches.</summary>
    /// <param name="good">Results of normal images; at least one.</param>
    /// <param name="falseAlarmRate">Fraction of normal images that may be called anomalous, 0 up to 1 (exclusive).</param>
    /// <param name="description">The detector that gave the results; <see langword="null"/>: as the results say themselves.</param>
    /// <remarks>
    /// With rate 0 (the default) the threshold lies above every score given, by half of their median absolute deviation or a tenth of what is left to 1,
    /// whichever is less.
    /// A normal image with the highest score there is reaches it all the same; <see cref="ScoreCalibration.Notices"/> says so.
    /// </remarks>
    /// <exception cref="CalibrationException">
    /// No image, a rate outside its range, a score that is not finite, results of different detectors, class words or regions, or an image that is one of the
    /// detector's references and was not left out.
    /// </exception>
    public static ScoreCalibration FromNormalImages(IReadOnlyList<AnomalyResult> good, double falseAlarmRate = 0, DetectorDescription? description = null)
    {
        ArgumentNullException.ThrowIfNull(good);
        CheckRate(falseAlarmRate);
        return Quantile(Samples(good, description), falseAlarmRate, description);
    }

    /// <summary>The same with the detection: images that are references of the detector are left out of them, one at a time (leave-one-out).</summary>
    /// <param name="detector">Its own calibration, if any, is not used.</param>
    /// <param name="good">Normal images, at least one; the references themselves are possible, too.</param>
    /// <param name="options">Class words and region of interest, as the detector will be called with; <see langword="null"/>: the defaults.</param>
    /// <param name="falseAlarmRate">Fraction of normal images that may be called anomalous, 0 up to 1 (exclusive).</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="CalibrationException">No image, a rate outside its range, or a score that is not finite.</exception>
    /// <exception cref="ImageDecodeException">An image cannot be read.</exception>
    public static ScoreCalibration FromNormalImages(
        IZeroShotDetector detector, IReadOnlyList<ImageInput> good, DetectionOptions? options = null, double falseAlarmRate = 0,
        IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentNullException.ThrowIfNull(good);
        CheckRate(falseAlarmRate);
        return Quantile(Samples(detector, good, options, progress, cancellationToken), falseAlarmRate, detector.Description);
    }

    /// <summary>Threshold with the best F1 score on labelled images; of several equal ones, the middle between the two neighbouring scores.</summary>
    /// <param name="good">Results of normal images; at least one.</param>
    /// <param name="defective">Results of defective images; at least one.</param>
    /// <param name="description">The detector that gave the results; <see langword="null"/>: as the results say themselves.</param>
    /// <exception cref="CalibrationException">
    /// One of the lists is empty, a score is not finite, or results are of different detectors, class words or regions.
    /// </exception>
    public static ScoreCalibration FromLabelledImages(
        IReadOnlyList<AnomalyResult> good, IReadOnlyList<AnomalyResult> defective, DetectorDescription? description = null)
    {
        ArgumentNullException.ThrowIfNull(good);
        ArgumentNullException.ThrowIfNull(defective);
        return Labelled(Samples(good, description), Samples(defective, description), description);
    }

    /// <summary>The same with the detection, images that are references left out of them.</summary>
    /// <param name="detector">Its own calibration, if any, is not used.</param>
    /// <param name="good">Normal images, at least one.</param>
    /// <param name="defective">Defective images, at least one.</param>
    /// <param name="options">Class words and region of interest, as the detector will be called with; <see langword="null"/>: the defaults.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Checked between images.</param>
    /// <exception cref="CalibrationException">One of the lists is empty, or a score is not finite.</exception>
    /// <exception cref="ImageDecodeException">An image cannot be read.</exception>
    public static ScoreCalibration FromLabelledImages(
        IZeroShotDetector detector, IReadOnlyList<ImageInput> good, IReadOnlyList<ImageInput> defective, DetectionOptions? options = null,
        IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        ArgumentNullException.ThrowIfNull(good);
        ArgumentNullException.ThrowIfNull(defective);
        var normal = Samples(detector, good, options, progress, cancellationToken);
        var after = progress is null ? null : new CountingProgress(progress, good.Count);
        return Labelled(normal, Samples(detector, defective, options, after, cancellationToken), detector.Description);
    }

    private static ScoreCalibration Quantile(CalibrationSamples normal, double rate, DetectorDescription? description)
    {
        float maximum = Maximum(description);
        float image = Thresholds.AboveQuantile(normal.Scores(), rate, maximum), pixel = Thresholds.AboveQuantile(normal.Peaks(), rate, maximum);
        return Create(normal, image, pixel, description) with { Strategy = "quantile of normal images", FalseAlarmRate = rate };
    }

    private static ScoreCalibration Labelled(CalibrationSamples normal, CalibrationSamples defective, DetectorDescription? description)
    {
        if (normal.ClassName != defective.ClassName || normal.Identity?.DifferencesFrom(defective.Identity ?? normal.Identity) is { Count: > 0 })
        {
            throw new CalibrationException(
                "Normal and defective images were detected with other class words, regions or detectors. Detect them in the same way.");
        }

        float image = Thresholds.BestF1(normal.Scores(), defective.Scores()), pixel = Thresholds.BestF1(normal.Peaks(), defective.Peaks());
        return Create(normal, image, pixel, description) with
        {
            Strategy = "best F1 of labelled images",
            DefectiveImages = defective.Count,
            Misses = RateEstimate.Of(defective.Scores().Count(s => s < image), defective.Count),
        };
    }

    private static ScoreCalibration Create(CalibrationSamples normal, float image, float pixel, DetectorDescription? description) => new()
    {
        ImageThreshold = image,
        PixelThreshold = pixel,
        MinimumScore = 0,
        MaximumScore = Maximum(description),
        Strategy = string.Empty,
        NormalImages = normal.Count,
        FalseAlarms = RateEstimate.Of(normal.Scores().Count(s => s >= image), normal.Count),
        NormalImagesWithRegions = normal.Peaks().Count(p => p >= pixel),
        WeightsHash = description?.WeightsHash,
        ClassName = normal.ClassName,
        Identity = normal.Identity,
    };

    private static float Maximum(DetectorDescription? description) => (float)Math.Max(description?.MapMaximum ?? 1, 1);

    private static CalibrationSamples Samples(IReadOnlyList<AnomalyResult> results, DetectorDescription? description)
    {
        CheckCount(results.Count);
        var samples = new CalibrationSamples(Maximum(description), description);
        foreach (var result in results)
        {
            samples.Add(result);
        }

        return samples;
    }

    // One image at a time: what is kept of each is two numbers.
    private static CalibrationSamples Samples(
        IZeroShotDetector detector, IReadOnlyList<ImageInput> images, DetectionOptions? options, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        CheckCount(images.Count);
        var samples = new CalibrationSamples(Maximum(detector.Description), detector.Description);
        var call = (options ?? new()) with { LeaveOneOut = true, IncludeImageMap = false };
        foreach (var image in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            samples.Add(detector.Detect(image, call, cancellationToken));
            progress?.Report(samples.Count);
        }

        return samples;
    }

    private static void CheckCount(int images)
    {
        if (images == 0)
        {
            throw new CalibrationException("Calibration needs at least one image of each kind that is requested.");
        }
    }

    private static void CheckRate(double rate)
    {
        if (!(rate is >= 0 and < 1))
        {
            throw new CalibrationException(FormattableString.Invariant($"The false-alarm rate is {rate}; it must be from 0 up to, not including, 1."));
        }
    }

    private sealed class CountingProgress(IProgress<int> inner, int before) : IProgress<int>
    {
        public void Report(int value) => inner.Report(before + value);
    }
}
