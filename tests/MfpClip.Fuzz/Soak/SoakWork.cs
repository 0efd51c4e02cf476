using System.Collections.Concurrent;
using MfpClip.References;
using SkiaSharp;

namespace MfpClip.Fuzz.Soak;

/// <summary>How a detection ended.</summary>
internal enum SoakOutcome
{
    Detected,
    Refused,
    Cancelled,
}

/// <summary>One detection after another, each following from its number; safe for several callers.</summary>
internal sealed class SoakWork(ZeroShotDetector detector, long seed) : IDisposable
{
    /// <summary>The text cache may hold so many more tensors than when it was measured first: it keeps 1,024 class names of a few tensors each.</summary>
    public const long KeptTensors = 1024 * 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-soak-").FullName;
    private readonly ConcurrentDictionary<string, byte> _faults = new(StringComparer.Ordinal);
    private readonly RgbImage _known = SmallDetector.Picture(77, 64, 48);
    private float? _expected;

    /// <summary>What was not as it must be.</summary>
    public IEnumerable<string> Faults => _faults.Keys;

    public SoakOutcome Detect(long number)
    {
        var random = new FuzzRandom(seed, number);
        try
        {
            if (random.Chance(100))
            {
                References(random);
            }

            // The same image has the same score, whatever happens beside it.
            if (random.Chance(10))
            {
                float score = detector.Detect(_known, new() { ClassName = "known" }).Score;
                float expected = _expected ??= score;
                Check(score.Equals(expected), $"an image has the score {score} and had {expected}");
                return SoakOutcome.Detected;
            }

            using var cancellation = new CancellationTokenSource();
            if (random.Chance(20))
            {
                cancellation.CancelAfter(random.Next(20));
            }

            var options = new DetectionOptions { ClassName = $"part {random.Next(5000)}", IncludeImageMap = random.Chance(2) };
            var result = detector.Detect(Image(random, number), options, cancellation.Token);
            Check(float.IsFinite(result.Score) && result.ModelMap.Data.All(float.IsFinite), "a result is not finite");
            return SoakOutcome.Detected;
        }
        catch (OperationCanceledException)
        {
            return SoakOutcome.Cancelled;
        }
        catch (MfpClipException)
        {
            return SoakOutcome.Refused;
        }
        catch (Exception e)
        {
            Check(false, $"{e.GetType().Name}: {e.Message}");
            return SoakOutcome.Refused;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ImageInput Image(FuzzRandom random, long number)
    {
        var picture = SmallDetector.Picture((int)number, 8 + random.Next(400), 8 + random.Next(400));
        if (random.Chance(2))
        {
            return ImageInput.FromPixels(picture, "pixels");
        }

        using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var format = random.Of([SKEncodedImageFormat.Png, SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp]);
        using var data = bitmap.Encode(format, 90);
        byte[] encoded = data.ToArray();
        if (random.Chance(8))
        {
            encoded = Mutation.ByteMutation.Any(encoded, random, [encoded]);
        }

        return random.Chance(2) ? ImageInput.FromBytes(encoded, "bytes") : ImageInput.FromStream(new MemoryStream(encoded), "stream");
    }

    private void References(FuzzRandom random)
    {
        string file = Path.Combine(_folder, $"{Guid.NewGuid():N}.safetensors");
        ImageInput Normal(int i) => ImageInput.FromPixels(SmallDetector.Picture(i, 40 + i, 60), $"n{i}");
        using (var two = detector.WithReferences([Normal(1), Normal(2)]))
        using (var three = two.AddReferences([Normal(3 + random.Next(20))]))
        using (var less = three.RemoveReferences("n1"))
        {
            Check(less.Detect(_known).Score is var score && float.IsFinite(score), "a score beside references is not finite");
            three.SaveReferences(file);
        }

        using (var read = detector.WithReferenceFile(file))
        {
            read.Detect(_known);
        }

        Check(ReferenceFile.Remove(file, ["n2"]).Summary.Images.Count == 2, "a reference was not removed from its file");
        File.Delete(file);
    }

    private void Check(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.TryAdd(fault, 0);
        }
    }
}
