using System.Diagnostics;

namespace MfpClip.Training.Comparison;

/// <summary>Times a detector on one image after the other.</summary>
internal static class LatencyMeasurement
{
    private const int WarmUp = 2;

    /// <summary>From decoded pixels to the result. Images are decoded before.</summary>
    public static Latency Measure(
        ZeroShotDetector detector, IReadOnlyList<(RgbImage Image, string ClassName)> images, Action<double> done, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (int i = 0; i < images.Count + WarmUp; i++)
        {
            var (image, className) = images[i % images.Count];
            long start = Stopwatch.GetTimestamp();
            detector.Detect(image, new() { ClassName = className, IncludeImageMap = false }, cancellationToken);
            if (i >= WarmUp)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            done((i + 1.0) / (images.Count + WarmUp));
        }

        times.Sort();
        return new(At(0.5), At(0.95), times.Count);

        double At(double share) => times[Math.Max((int)Math.Ceiling(share * times.Count) - 1, 0)];
    }
}
