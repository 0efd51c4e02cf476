using System.Security.Cryptography;
using System.Text;
using MfpClip.Weights;

namespace MfpClip.Execution;

/// <summary>
/// Features of frozen networks on disk, one file for each image: what stands before the first trained module is the same in every epoch.
/// The key is made of the networks' weights, what is computed, and the image as the network sees it, so that preprocessing counts too.
/// </summary>
/// <remarks>
/// Switched on for the calling thread, like <c>no_grad</c>; safe for several processes that share a folder, because files are written
/// atomically. When the space is used up, further images are computed and not kept: a loop over more than fits would throw out each before its turn.
/// </remarks>
internal sealed class FrozenFeatureCache
{
    [ThreadStatic]
    private static FrozenFeatureCache? _current;

    private readonly string _folder;
    private readonly long _budget;
    private readonly string _networks;
    private long _bytes;

    /// <param name="folder">Made if absent.</param>
    /// <param name="budget">Bytes that all files of the folder may take.</param>
    /// <param name="networks">Hash of the frozen weights.</param>
    public FrozenFeatureCache(string folder, long budget, string networks)
    {
        (_folder, _budget, _networks) = (folder, budget, networks);
        Directory.CreateDirectory(folder);
        _bytes = new DirectoryInfo(folder).EnumerateFiles("*.safetensors").Sum(f => f.Length);
    }

    /// <summary>The calling thread's cache.</summary>
    public static FrozenFeatureCache? Current => _current;

    /// <summary>Images found, and images computed.</summary>
    public (long Found, long Computed) Counts { get; private set; }

    /// <summary>Bytes of all files.</summary>
    public long Bytes => _bytes;

    /// <summary>Switches a cache on until the result is disposed.</summary>
    public static Scope Enter(FrozenFeatureCache cache)
    {
        var before = _current;
        _current = cache;
        return new(before, true);
    }

    /// <summary>The features of a batch: read where every image is known, else computed by <paramref name="compute"/> and kept.</summary>
    /// <param name="what">What is computed, with every setting that it depends on.</param>
    /// <param name="images">As the network sees them, <c>[B, ...]</c>.</param>
    /// <param name="compute">A pure function of the images; the first axis of each result counts images. Results belong to the caller's scope.</param>
    public IReadOnlyList<Tensor> Get(string what, Tensor images, Func<IReadOnlyList<Tensor>> compute)
    {
        string[] files = Files(what, images);
        bool known = files.All(File.Exists);
        if (known && Read(files, images.device) is { } found)
        {
            Counts = (Counts.Found + files.Length, Counts.Computed);
            return found;
        }

        var made = compute();
        for (int i = 0; i < files.Length; i++)
        {
            Keep(files[i], made, i, replace: known);
        }

        Counts = (Counts.Found, Counts.Computed + files.Length);
        return made;
    }

    private string[] Files(string what, Tensor images)
    {
        using var scope = torch.NewDisposeScope();
        byte[] prefix = Encoding.UTF8.GetBytes($"{_networks}|{what}|{images.dtype}|{images.device_type}|{string.Join(',', images.shape.Skip(1))}|");
        var rows = images.detach().cpu().contiguous();
        return [.. Enumerable.Range(0, (int)rows.shape[0]).Select(i =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(prefix);
            using var row = rows[i].contiguous();
            hash.AppendData(row.bytes);
            return Path.Combine(_folder, $"{Convert.ToHexStringLower(hash.GetHashAndReset())}.safetensors");
        })];
    }

    private static List<Tensor>? Read(string[] files, Device device)
    {
        using var scope = torch.NewDisposeScope();
        try
        {
            var rows = files.Select(f =>
            {
                using var file = WeightFile.Open(f);
                return Enumerable.Range(0, file.Tensors.Count).Select(k => file.Read($"{k}")).ToList();
            }).ToList();
            return [.. Enumerable.Range(0, rows[0].Count).Select(k => torch.stack(rows.Select(r => r[k]), 0).to(device).MoveToOuterDisposeScope())];
        }
        catch (Exception e) when (e is WeightsException or IOException or UnauthorizedAccessException)
        {
            return null; // damaged or just removed: compute it
        }
    }

    private void Keep(string path, IReadOnlyList<Tensor> made, int row, bool replace)
    {
        using var scope = torch.NewDisposeScope();
        long size = made.Sum(t => t.numel() / t.shape[0] * StoredWeightFile.ElementSize(t.dtype));
        if (_bytes + size > _budget || (File.Exists(path) && !replace))
        {
            return;
        }

        try
        {
            SafetensorsWriter.Write(path, made.Select((t, k) => new KeyValuePair<string, Tensor>($"{k}", t[row])));
            _bytes += new FileInfo(path).Length;
        }
        catch (Exception e) when (e is OutputException or IOException)
        {
            // A full disk costs the cache, not the training.
        }
    }

    /// <summary>Restores what was before.</summary>
    internal readonly struct Scope(FrozenFeatureCache? before, bool entered) : IDisposable
    {
        public void Dispose()
        {
            if (entered)
            {
                _current = before;
            }
        }
    }
}
