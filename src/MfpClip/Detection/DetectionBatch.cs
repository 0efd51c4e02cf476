using System.Diagnostics;
using System.Runtime.InteropServices;
using MfpClip.Detection;
using MfpClip.Diagnostics;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Imaging.Regions;
using MfpClip.Native;
using MfpClip.Parallelism;
using MfpClip.Pipeline;
using MfpClip.References;

namespace MfpClip;

/// <content>One batch: preparation, forward pass, and reading of maps and scores.</content>
public sealed partial class ZeroShotDetector
{
    private DetectorLabels Labels => new(_settings.Line, Description.Device);

    private PreparedImage Prepare(ImageInput image, DetectionOptions options, CancellationToken cancellationToken, ActivityContext parent)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        RgbImage pixels;
        try
        {
            pixels = DetectionSpan.Run("decode", parent, image.Name, () => ImageReader.Read(image, _settings.Input.Decoder, _settings.Input.Limits));
        }
        catch (ImageDecodeException e)
        {
            MfpClipTelemetry.RecordFailure(e, Labels);
            throw;
        }

        return Prepare(image.Name, pixels, Stopwatch.GetElapsedTime(start), options, parent);
    }

    private PreparedImage Prepare(string name, RgbImage pixels, TimeSpan decode, DetectionOptions options, ActivityContext parent)
    {
        var (region, notices) = RegionFor(name, pixels.Width, pixels.Height, options, () => ForegroundRegion.Overview(pixels));
        long start = Stopwatch.GetTimestamp();
        var prepared = DetectionSpan.Run("preprocess", parent, name, () => _settings.Input.Preprocessor.Prepare(pixels));
        var preparation = Stopwatch.GetElapsedTime(start);
        string? id = _stored is null ? null : ReferenceId.Of(pixels);
        return new(name, pixels.Width, pixels.Height, prepared, decode, preparation)
        {
            LeftOut = LeftOut(id, options),
            Original = _readsOriginals ? pixels : null,
            EqualReference = id is null ? null : _stored!.NameOf(id),
            Region = region,
            RegionPart = region is null ? prepared.Covered : RegionMask.ToRegion(region, prepared.Covered, pixels.Width, pixels.Height),
            Notices = _settings.Tiling is null ? [.. _shrinkage.Of(pixels.Width, pixels.Height), .. notices] : notices,
        };
    }

    private ReferenceEntry? LeftOut(string? id, DetectionOptions options) =>
        id is not null && _pass is ReferencedPass referenced && (options.LeaveOneOut || referenced.IsBatch) ? referenced.Bank.Find(id) : null;

    /// <summary>Prepares a batch and runs it, in one span.</summary>
    private AnomalyResult[] PrepareAndRun(IReadOnlyList<ImageInput> images, DetectionOptions options, CancellationToken cancellationToken)
    {
        using var span = DetectionSpan.Start("detect", images.Count, Labels);
        var parent = span?.Context ?? default;
        try
        {
            return RunStages(ParallelLoop.Run(images.Count, i => Prepare(images[i], options, cancellationToken, parent)), options, parent, cancellationToken);
        }
        catch (Exception e)
        {
            DetectionSpan.Fail(span, e);
            throw;
        }
    }

    /// <summary>Runs what was prepared before, in one span.</summary>
    private AnomalyResult[] Run(
        IReadOnlyList<PreparedImage> batch, DetectionOptions options, CancellationToken cancellationToken, ActivityContext parent)
    {
        using var span = DetectionSpan.Start("detect", batch.Count, Labels, parent);
        try
        {
            return RunStages(batch, options, span?.Context ?? parent, cancellationToken);
        }
        catch (Exception e)
        {
            DetectionSpan.Fail(span, e);
            throw;
        }
    }

    private AnomalyResult[] RunStages(
        IReadOnlyList<PreparedImage> batch, DetectionOptions options, ActivityContext parent, CancellationToken cancellationToken)
    {
        using var use = Enter();
        long start = Stopwatch.GetTimestamp();
        var (maps, scores, stages) = DetectionSpan.Run("forward", parent, null,
            () => ScalarFault.Retry(() => Forward(batch, options, cancellationToken), _settings.Logger));
        var forward = Stopwatch.GetElapsedTime(start);
        var identity = _identity.Value.With(options);
        var results = ParallelLoop.Run(batch.Count, i =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return DetectionSpan.Run("postprocess", parent, batch[i].Name, () => DetectionReading.Read(
                batch[i], maps[i], scores[i], _mapReading, options, Calibration, identity, new()
            {
                Decode = batch[i].Decode, Preprocess = batch[i].Prepare, Forward = forward, ForwardStages = stages, BatchSize = batch.Count,
            }), Tag);
        });

        MfpClipTelemetry.Record(results, forward, Labels);
        return results;
    }

    private static void Tag(Activity span, AnomalyResult result)
    {
        span.SetTag(MfpClipTelemetry.ScoreTag, result.Score);
        span.SetTag(MfpClipTelemetry.DecisionTag, MfpClipTelemetry.DecisionOf(result));
    }

    private (AnomalyMap[] Maps, float[] Scores, Dictionary<string, TimeSpan> Stages) Forward(
        IReadOnlyList<PreparedImage> batch, DetectionOptions options, CancellationToken cancellationToken)
    {
        using var own = new ForwardTrace();
        var context = _settings.Context with { Trace = _settings.Context.Trace ?? own, CancellationToken = cancellationToken };
        int timed = context.Trace.Timings.Count;
        var maps = new AnomalyMap[batch.Count];
        var scores = new float[batch.Count];
        // Images of one prepared size run together.
        foreach (var group in Enumerable.Range(0, batch.Count).GroupBy(i => (batch[i].Image.Pixels.Width, batch[i].Image.Pixels.Height)))
        {
            int[] rows = [.. group];
            var (found, values) = Forward([.. rows.Select(i => batch[i])], options, context);
            for (int i = 0; i < rows.Length; i++)
            {
                (maps[rows[i]], scores[rows[i]]) = (found[i], values[i]);
            }
        }

        var stages = context.Trace.Timings.Skip(timed).GroupBy(t => t.Key).ToDictionary(t => t.Key, t => TimeSpan.FromTicks(t.Sum(s => s.Value.Ticks)));
        return (maps, scores, stages);
    }

    // Images of one size.
    private (AnomalyMap[] Maps, float[] Scores) Forward(IReadOnlyList<PreparedImage> batch, DetectionOptions options, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        using var images = ImageBatch.FromImages([.. batch.Select(b => b.Image.Pixels)], _readsOriginals ? [.. batch.Select(b => b.Original!)] : null);
        var region = batch.Any(b => b.Region is not null) ? torch.tensor(
            batch.SelectMany(b => Region(b, images.Width, images.Height)).ToArray(), [batch.Count, images.Height, images.Width]) : null;
        var (map, score) = _pass is ReferencedPass referenced && batch.Any(b => b.LeftOut is not null)
            ? referenced.Run(images, options.ClassName, region, context, [.. batch.Select(b => b.LeftOut)])
            : PassFeatures.Run(_pass, images, options.ClassName, region, context);
        // Side by side: one download, and one wait for the device.
        // [B, 1 + H W]
        var together = torch.cat([score.to(ScalarType.Float32, map.device).reshape(-1, 1), map.to_type(ScalarType.Float32).flatten(1)], 1).cpu();
        var (scores, maps) = Separate(together, (int)map.shape[2]);
        if (Array.FindIndex(scores, s => !float.IsFinite(s)) is var broken and >= 0)
        {
            throw new InferenceException($"The forward pass of '{batch[broken].Name}' gave a score that is not finite. In float16 values can overflow: use "
                + $"bfloat16 or float32; otherwise the weights are damaged.");
        }

        // Distances have no upper end; they are scaled afterwards.
        float most = _mapReading is ReferencedPass { GivesDistances: true } ? float.MaxValue : (float)_pass.MapMaximum * 1.001f;
        for (int i = 0; i < maps.Length; i++)
        {
            if (Array.FindIndex(maps[i].Data, v => !(v >= -0.001f && v <= most)) is var cell and >= 0)
            {
                string values = FormattableString.Invariant($"the value {maps[i].Data[cell]}; values are from 0 to {_pass.MapMaximum}");
                throw new InferenceException($"The forward pass of '{batch[i].Name}' gave a map with {values}. In float16 values can overflow: use bfloat16 or "
                    + "float32; otherwise the weights are damaged, or a module of your own gives other values than its interface says.");
            }
        }

        return (maps, scores);
    }

    private static float[] Region(PreparedImage image, int width, int height)
    {
        if (image.Region is not null)
        {
            return RegionMask.ToModel(image.Region, image.RegionPart, width, height);
        }

        float[] everywhere = new float[width * height];
        Array.Fill(everywhere, 1);
        return everywhere;
    }

    private static (float[] Scores, AnomalyMap[] Maps) Separate(Tensor together, int columns)
    {
        var values = MemoryMarshal.Cast<byte, float>(together.bytes);
        var (scores, maps) = (new float[together.shape[0]], new AnomalyMap[together.shape[0]]);
        int width = (int)together.shape[1];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = values[i * width];
            maps[i] = new(columns, (width - 1) / columns, values.Slice((i * width) + 1, width - 1).ToArray());
        }

        return (scores, maps);
    }
}
