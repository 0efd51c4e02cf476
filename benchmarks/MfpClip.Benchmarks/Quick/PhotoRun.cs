using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MfpClip.Benchmarks.Classes;
using MfpClip.Output;
using SkiaSharp;

namespace MfpClip.Benchmarks.Quick;

/// <summary>
/// Photos of two megapixels from files to overlays: images a second of decoding alone, of the default model's stream with a result alone, and of the whole way
/// with an overlay written for each; and whether a batch is faster than its images.
/// </summary>
internal static class PhotoRun
{
    private const int Kinds = 8, Megapixels = 2, Quality = 88, InBatch = 8;

    public static async Task<int> RunAsync(int photos, TextWriter output, TextWriter log)
    {
        string folder = Directory.CreateTempSubdirectory("mfpclip-photos-").FullName;
        try
        {
            string[] files = Make(folder, photos);
            using var tiny = TinyBenchmark.Tiny();
            var decoder = tiny.Input;
            decoder.Decode(ImageInput.FromFile(files[0]));
            await DetectAsync(tiny, files[..Math.Min(Kinds, photos)], null); // warms up

            double decoding = Measure(() => Parallel.ForEach(
                files, new() { MaxDegreeOfParallelism = ThreadLimit.Count }, f => decoder.Decode(ImageInput.FromFile(f))), photos);
            double detecting = await MeasureAsync(() => DetectAsync(tiny, files, null), photos);
            double writing = await MeasureAsync(() => DetectAsync(tiny, files, folder), photos);
            var images = files.Take(InBatch).Select(f => ImageInput.FromPixels(decoder.Decode(ImageInput.FromFile(f)), f)).ToArray();
            var times = QuickRun.Best(
                new() { ["one by one"] = () => Array.ForEach(images, i => tiny.Detect(i)), ["batch"] = () => tiny.DetectBatch(images) }, 6, log);
            log.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{photos} photos: decoding alone {decoding:0.0} a second, detection from files {detecting:0.0}, with overlays {writing:0.0}"));
            output.WriteLine(JsonSerializer.Serialize(new Dictionary<string, double>
            {
                ["photos"] = photos, ["decoded_a_second"] = Math.Round(decoding, 2), ["detected_a_second"] = Math.Round(detecting, 2),
                ["with_overlays_a_second"] = Math.Round(writing, 2), ["batch_over_single"] = Math.Round(times["batch"] / times["one by one"], 3),
            }));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A few different photos under many names: each is read and decoded from its own file.
    private static string[] Make(string folder, int photos)
    {
        var picture = Workload.Large(Megapixels);
        var files = new string[photos];
        for (int i = 0; i < photos; i++)
        {
            files[i] = Path.Combine(folder, $"photo{i:0000}.jpg");
            if (i < Kinds)
            {
                using var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
                var pixels = bitmap.GetPixelSpan();
                var source = picture.Pixels;
                for (int p = 0; p < picture.Width * picture.Height; p++)
                {
                    int from = (p + (i * 4099)) % (picture.Width * picture.Height) * 3;
                    (pixels[4 * p], pixels[(4 * p) + 1], pixels[(4 * p) + 2], pixels[(4 * p) + 3]) = (source[from], source[from + 1], source[from + 2], 255);
                }

                using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, Quality);
                File.WriteAllBytes(files[i], data.ToArray());
            }
            else
            {
                File.Copy(files[i % Kinds], files[i]);
            }
        }

        return files;
    }

    private static async Task DetectAsync(ZeroShotDetector detector, string[] files, string? overlays)
    {
        var writing = new Queue<Task>();
        await foreach (var result in detector.DetectAsync(Inputs(files)))
        {
            if (overlays is not null)
            {
                writing.Enqueue(Task.Run(() => Write(detector, result, overlays)));
                if (writing.Count > 2 * ThreadLimit.Count)
                {
                    await writing.Dequeue();
                }
            }
        }

        await Task.WhenAll(writing);
    }

    private static void Write(ZeroShotDetector detector, AnomalyResult result, string folder)
    {
        string file = Path.Combine(folder, Path.GetFileName(result.ImageName));
        var overlay = MapImages.Overlay(result, detector.Input.Decode(ImageInput.FromFile(file)), null);
        MapFiles.WritePng(Path.ChangeExtension(file, ".overlay.png"), overlay);
    }

    private static async IAsyncEnumerable<ImageInput> Inputs(string[] files)
    {
        foreach (string file in files)
        {
            yield return ImageInput.FromFile(file);
        }

        await Task.CompletedTask;
    }

    private static double Measure(Action run, int photos)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return photos / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> MeasureAsync(Func<Task> run, int photos)
    {
        long start = Stopwatch.GetTimestamp();
        await run();
        return photos / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
