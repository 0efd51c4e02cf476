using System.Security.Cryptography;
using System.Text;
using MfpClip.Execution;
using MfpClip.Weights;

namespace MfpClip.Training;

/// <summary>
/// Features of frozen networks on disk, one file for each image: what stands before the first trained module is the same in every epoch.
/// A file's name is a hash of the key and of what the image holds.
/// </summary>
/// <remarks>
/// Safe for concurrent callers and for several processes that share a folder, because files are written atomically. When the space is used up,
/// further images are computed and not kept: a loop over more than fits would throw out each before its turn.
/// </remarks>
public sealed class FeatureFolder : IFeatureStore
{
    private const string Sum = "crc32c";
    private readonly string _folder;
    private readonly long _budget;
    private long _bytes;
    private long _found;
    private long _computed;

    /// <param name="folder">Made if absent.</param>
    /// <param name="budget">Bytes that all files of the folder may take.</param>
    /// <exception cref="ArgumentOutOfRangeException">The budget is negative.</exception>
    /// <exception cref="OutputException">The folder cannot be made or read.</exception>
    public FeatureFolder(string folder, long budget)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(budget);
        (_folder, _budget) = (folder, budget);
        try
        {
            Directory.CreateDirectory(folder);
            _bytes = new DirectoryInfo(folder).EnumerateFiles("*.safetensors").Sum(f => f.Exists ? f.Length : 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(folder, $"the folder of features cannot be used ({e.Message}).", e);
        }
    }

    /// <summary>Images found, and images computed.</summary>
    public (long Found, long Computed) Counts => (Interlocked.Read(ref _found), Interlocked.Read(ref _computed));

    /// <summary>Bytes of all files.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The store that a training's options name; <see langword="null"/> where they name none.</summary>
    internal static FeatureFolder? Of(TrainerOptions? options) =>
        options?.FeatureCacheFolder is { } folder ? new(folder, options.FeatureCacheBytes) : null;

    /// <inheritdoc/>
    /// <remarks>Read where every image is known, else computed and kept. What an object of this process stands for is never kept.</remarks>
    public IReadOnlyList<Tensor> Get(FeatureKey key, FeatureInput input, Func<IReadOnlyList<Tensor>> compute)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(compute);
        if (key.Instance is not null)
        {
            return compute();
        }

        string[] files = Files(key, input);
        bool known = files.All(File.Exists);
        if (known && Read(files, key.Device) is { } found)
        {
            Interlocked.Add(ref _found, files.Length);
            return found;
        }

        var made = compute();
        for (int i = 0; i < files.Length; i++)
        {
            Keep(files[i], made, i, replace: known);
        }

        Interlocked.Add(ref _computed, files.Length);
        return made;
    }

    private string[] Files(FeatureKey key, FeatureInput input)
    {
        string prefix = $"{key.Network}|{key.What}|{key.Precision}|{key.Device}|{input.Shape}|";
        return [.. input.Contents.Select(
            c => Path.Combine(_folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(prefix + c)))}.safetensors"))];
    }

    private static List<Tensor>? Read(string[] files, string device)
    {
        using var scope = torch.NewDisposeScope();
        try
        {
            var rows = files.Select(f =>
            {
                using var file = WeightFile.Open(f);
                var tensors = Enumerable.Range(0, file.Tensors.Count).Select(k => file.Read($"{k}")).ToList();
                return file.Metadata.GetValueOrDefault(Sum) == SumOf(tensors) ? tensors
                    : throw new WeightsException(f, "its checksum is wrong or missing.");
            }).ToList();
            return [.. Enumerable.Range(0, rows[0].Count)
                .Select(k => torch.stack(rows.Select(r => r[k]), 0).to(torch.device(device)).MoveToOuterDisposeScope())];
        }
        catch (Exception e) when (e is WeightsException or IOException or UnauthorizedAccessException)
        {
            return null; // damaged, of an earlier version, or just removed: compute it
        }
    }

    private static string SumOf(IEnumerable<Tensor> tensors)
    {
        uint sum = 0;
        foreach (var tensor in tensors.Where(t => t.numel() > 0))
        {
            sum = Checksum.Of(tensor.bytes, sum);
        }

        return sum.ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
    }

    private void Keep(string path, IReadOnlyList<Tensor> made, int row, bool replace)
    {
        using var scope = torch.NewDisposeScope();
        long size = made.Sum(t => t.numel() / t.shape[0] * t.element_size());
        if (Interlocked.Read(ref _bytes) + size > _budget || (File.Exists(path) && !replace))
        {
            return;
        }

        try
        {
            Tensor[] parts = [.. made.Select(t => t[row].detach().cpu().contiguous())];
            SafetensorsWriter.Write(path, parts.Select((t, k) => new KeyValuePair<string, Tensor>($"{k}", t)),
                new Dictionary<string, string> { [Sum] = SumOf(parts) });
            Interlocked.Add(ref _bytes, new FileInfo(path).Length);
        }
        catch (Exception e) when (e is OutputException or IOException or UnauthorizedAccessException)
        {
            // A full disk costs the store, not the training.
        }
    }
}
