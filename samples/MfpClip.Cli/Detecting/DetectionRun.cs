using MfpClip.Output;

namespace MfpClip.Cli.Detecting;

/// <summary>One run over photos: through the pipeline, into the outputs.</summary>
internal sealed class DetectionRun(ZeroShotDetector detector, DetectionOutputOptions outputs)
{
    /// <summary>Runs all photos. Reports are written in every case: also where some failed, and after a cancellation, as far as it came.</summary>
    public DetectionSummary Run(IReadOnlyList<string> files, DetectionOptions options, IProgress<double> progress, CancellationToken cancellationToken)
    {
        using var written = new DetectionOutputs(detector, outputs);
        written.Name(files);
        var (results, failures, done, readable) = (new List<DetectedRow>(), new List<string>(), 0, 0);
        bool cancelled = false;
        var notices = new NoticeCounts();
        var advance = new PhotoProgress(progress);
        options = options with { Progress = new DirectProgress<TileProgress>(advance.Add) };
        try
        {
            new DetectionPipeline(detector, options, outputs.Raw, image => written.Write(image, cancellationToken)).Run(files, Finish, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            cancelled = true;
        }
        finally
        {
            string? stopped = done < files.Count ? $"Stopped after {done} of {files.Count} images." : null;
            written.Complete(string.Join(" ", new[] { outputs.Notice, stopped }.OfType<string>()) is { Length: > 0 } notice ? notice : null);
        }

        return new()
        {
            Results = results, Failures = failures, ReportFailures = written.Failures, Report = written.Report, Files = written.Files,
            Readable = readable, Notices = notices.Lines, NotDone = files.Count - done, IsCancelled = cancelled,
        };

        void Finish(DetectedImage image)
        {
            written.Add(image);
            readable += image.IsReadable ? 1 : 0;
            var outcome = image.Outcome!;
            if (outcome.Error is { } error)
            {
                failures.Add(error is MfpClipException ? error.Message : $"Image '{image.File}': {error.GetType().Name}: {error.Message}");
            }

            if (outcome.Result is { } r)
            {
                notices.Add([.. r.Notices, .. image.Notices]);
                results.Add(new(image.File, r.Score, r.CalibratedScore, r.IsAnomalous,
                    [.. r.Regions.Select(g => new DetectedBox(g.X, g.Y, g.Width, g.Height, g.Area, g.Peak, g.PeakX, g.PeakY))],
                    r.Timings.Total.TotalMilliseconds, image.OverlayFile, image.ZoomFile));
            }

            advance.Finish(image.File);
            done++;
        }
    }
}

/// <summary>A photo in the output of the command.</summary>
internal sealed record DetectedRow(
    string Image, float Score, float? CalibratedScore, bool? Anomalous, IReadOnlyList<DetectedBox> Regions, double Milliseconds, string? Overlay,
    string? Zoom);

/// <summary>A region in the output of the command; results.json has its contour, too.</summary>
internal sealed record DetectedBox(int X, int Y, int Width, int Height, int Area, float Peak, int PeakX, int PeakY);
