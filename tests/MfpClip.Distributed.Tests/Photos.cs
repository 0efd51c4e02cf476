using System.Security.Cryptography;
using MfpClip.Output;

namespace MfpClip.Distributed.Tests;

/// <summary>A folder of small images, each with other bytes, and the work that they are.</summary>
internal sealed class Photos : IDisposable
{
    public static readonly DetectorFingerprint Detector = DetectorFingerprint.Of(new BrightnessDetector());

    public string Folder { get; } = Directory.CreateTempSubdirectory("mfpclip-work-").FullName;

    /// <summary>Score that the detector gives an image: its mean red.</summary>
    public static float Score(int number) => number % 251 / 255f;

    /// <summary>Writes image <paramref name="number"/>.</summary>
    public Uri Write(int number, bool slow = false) => WriteBytes($"{number:D5}.png", Png(number, slow));

    public Uri WriteBytes(string name, byte[] bytes)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, bytes);
        return new(path);
    }

    public static byte[] Png(int number, bool slow = false)
    {
        byte[] pixels = new byte[4 * 4 * 3];
        for (int i = 0; i < pixels.Length; i += 3)
        {
            (pixels[i], pixels[i + 1], pixels[i + 2]) = ((byte)(number % 251), (byte)(number / 251), slow ? (byte)255 : (byte)7);
        }

        return MapImages.ToPng(new(4, 4, pixels));
    }

    public static WorkItem Item(Uri image, long index, string job = "job", string className = "screw", DetectorFingerprint? detector = null) => new()
    {
        Image = image, ImageSha256 = image.IsFile && File.Exists(image.LocalPath) ? Hash(File.ReadAllBytes(image.LocalPath)) : new string('a', 64),
        ClassName = className, Detector = detector ?? Detector, Job = job, Index = index,
    };

    /// <summary>Work whose image does not matter.</summary>
    public static WorkItem Item(int index, string job = "job") => Item(new Uri($"file:///photos/{index}.png"), index, job) with
    {
        ImageSha256 = Hash(BitConverter.GetBytes(index)),
    };

    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static WorkResult Result(WorkItem item, string worker = "w") => new()
    {
        Key = item.Key, Worker = worker, Started = DateTimeOffset.UnixEpoch, Completed = DateTimeOffset.UnixEpoch.AddSeconds(1), Attempt = 2,
        Map = ReducedMap.Of(new(2, 1, [0.25f, 1]), 320), TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        Result = new BrightnessDetector().Detect(ImageInput.FromPixels(new(2, 1, [64, 0, 0, 255, 0, 0]), "x.png")),
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
