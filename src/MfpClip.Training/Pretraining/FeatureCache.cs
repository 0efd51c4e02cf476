using System.IO.MemoryMappedFiles;
using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Cnn;
using MfpClip.Backbones.Hybrid;
using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Files;
using MfpClip.Imaging;
using MfpClip.Modules;

namespace MfpClip.Training.Pretraining;

/// <summary>
/// Features of frozen layers on disk, computed once for each image: float16, memory-mapped, one record of fixed length after another.
/// A broken-off run goes on after its last whole record.
/// </summary>
internal sealed class FeatureCache : IDisposable
{
    /// <summary>Side of the stored masks: stride 4.</summary>
    public const int MaskStride = 4;

    private readonly FeatureLayout _layout;
    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private FeatureCache(FeatureLayout layout, string path, IReadOnlyList<CachedImage> pictures)
    {
        (_layout, _path, Pictures) = (layout, path, pictures);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>Every image in order.</summary>
    public IReadOnlyList<CachedImage> Pictures { get; }

    /// <summary>Opens a cache, making what is missing of it.</summary>
    /// <param name="folder">One folder for each cache.</param>
    /// <param name="source">Images.</param>
    /// <param name="heldOut">Which of its two sides.</param>
    /// <param name="count">Number of images.</param>
    /// <param name="extractor">Frozen network.</param>
    /// <param name="progress">Called with the number of finished images.</param>
    /// <param name="cancellationToken">Stops after a whole record.</param>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static FeatureCache Open(
        string folder, IPretrainingSource source, bool heldOut, int count, FrozenFeatures extractor, Action<int>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return OpenOrMake(folder, source, heldOut, count, extractor, progress, cancellationToken);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            throw new OutputException(folder, $"the features cannot be stored ({e.Message}).", e);
        }
    }

    private static FeatureCache OpenOrMake(
        string folder, IPretrainingSource source, bool heldOut, int count, FrozenFeatures extractor, Action<int>? progress, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        string data = Path.Combine(folder, "features.bin"), index = Path.Combine(folder, "pictures.jsonl"), about = Path.Combine(folder, "about.json");
        string identity = JsonSerializer.Serialize(
            new { source = source.Identity, heldOut, layout = extractor.Layout, cnn = extractor.Sha256 }, ReflectedJson.Options);
        if (!File.Exists(about) || File.ReadAllText(about) != identity)
        {
            File.Delete(data);
            File.Delete(index);
            File.WriteAllText(about, identity);
        }

        var pictures = ReadIndex(index);
        long record = extractor.Layout.RecordBytes;
        int done = (int)Math.Min(pictures.Count, File.Exists(data) ? new FileInfo(data).Length / record : 0);
        pictures.RemoveRange(done, pictures.Count - done);
        if (done < count)
        {
            Make(data, index, source, heldOut, count, extractor, pictures, progress, cancellationToken);
        }

        return new(extractor.Layout, data, pictures.Take(count).ToList());
    }

    /// <summary>Records as one tensor, float16 <c>[B, values]</c>, in the caller's scope.</summary>
    public Tensor Read(IReadOnlyList<int> rows)
    {
        using var scope = torch.NewDisposeScope();
        var batch = torch.empty([rows.Count, _layout.Values], ScalarType.Float16);
        var target = batch.bytes;
        for (int i = 0; i < rows.Count; i++)
        {
            var record = target.Slice(i * _layout.RecordBytes, _layout.RecordBytes);
            _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)rows[i] * (ulong)_layout.RecordBytes, record);
            if (Checksum.Of(record) != Pictures[rows[i]].Sum)
            {
                throw new TrainingException($"'{_path}': the stored features of image {rows[i]} are damaged (their checksum is wrong). Remove the folder "
                    + "around it; they are computed anew, and the training goes on from its checkpoint.");
            }
        }

        return batch.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }

    private static void Make(
        string data, string index, IPretrainingSource source, bool heldOut, int count, FrozenFeatures extractor, List<CachedImage> pictures,
        Action<int>? progress, CancellationToken cancellationToken)
    {
        // While the network reads some images the next ones are rendered.
        int bytes = extractor.Layout.RecordBytes, chunk = Math.Max(16, 2 * ThreadLimit.Count);
        using var stream = new FileStream(data, FileMode.OpenOrCreate, FileAccess.Write);
        stream.Position = (long)pictures.Count * extractor.Layout.RecordBytes;
        stream.SetLength(stream.Position);
        File.WriteAllLines(index, pictures.Select(p => JsonSerializer.Serialize(p, ReflectedJson.Options)));
        using var lines = new StreamWriter(index, append: true);
        var next = Render(pictures.Count);
        while (pictures.Count < count)
        {
            var samples = next.GetAwaiter().GetResult();
            next = Render(pictures.Count + samples.Length);
            using var scope = torch.NewDisposeScope();
            var records = extractor.Extract(samples);
            stream.Write(records.bytes);
            stream.Flush();
            for (int i = 0; i < samples.Length; i++)
            {
                var s = samples[i];
                var picture = new CachedImage(s.Category, s.Caption, s.IsDefective, Checksum.Of(records.bytes.Slice(i * bytes, bytes)));
                pictures.Add(picture);
                lines.WriteLine(JsonSerializer.Serialize(picture, ReflectedJson.Options));
            }

            lines.Flush();
            progress?.Invoke(pictures.Count);
        }

        Task<PretrainingSample[]> Render(int first) => Task.Run(
            () =>
            {
                var samples = new PretrainingSample[Math.Clamp(count - first, 0, chunk)];
                Parallel.For(0, samples.Length, new() { MaxDegreeOfParallelism = ThreadLimit.Count, CancellationToken = cancellationToken },
                    i => samples[i] = source.Create(first + i, heldOut));
                return samples;
            },
            cancellationToken);
    }

    private static List<CachedImage> ReadIndex(string path)
    {
        var pictures = new List<CachedImage>();
        foreach (string line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            try
            {
                if (JsonSerializer.Deserialize<CachedImage>(line, ReflectedJson.Options)
                    is not { Category: not null, Caption: not null, Sum: not null } picture)
                {
                    break; // of a version that kept no checksums
                }

                pictures.Add(picture);
            }
            catch (JsonException)
            {
                break; // the line that was being written when the run broke off
            }
        }

        return pictures;
    }
}

/// <summary>What is known of an image besides its features; the sum is the CRC-32C of their bytes.</summary>
internal sealed record CachedImage(string Category, string Caption, bool IsDefective, uint? Sum);

/// <summary>The parts of a record, in order, each a number of values.</summary>
internal sealed record FeatureLayout(IReadOnlyList<FeaturePart> Parts)
{
    public int Values { get; } = Parts.Sum(p => p.Values);

    public int RecordBytes => Values * 2;
}

/// <summary>One part of a record: its name and shape.</summary>
internal sealed record FeaturePart(string Name, int Channels, int Height, int Width)
{
    public int Values => Channels * Height * Width;
}
