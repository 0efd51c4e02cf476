namespace MfpClip.Weights;

/// <summary>Raw bytes that tensors point into: a run of the file, or an entry of an archive.</summary>
internal interface ITensorStorage
{
    /// <summary>Number of bytes.</summary>
    long Length { get; }

    /// <summary>Fills <paramref name="target"/> from <paramref name="offset"/> on.</summary>
    void Read(long offset, Span<byte> target);
}

/// <summary>Bytes <paramref name="Start"/> to <paramref name="Start"/> + <paramref name="Length"/> of a file.</summary>
internal sealed record FileStorage(FileBytes File, long Start, long Length) : ITensorStorage
{
    public void Read(long offset, Span<byte> target) => File.Read(Start + offset, target);
}

/// <summary>A tensor as a window on a storage. Offset and strides count elements.</summary>
internal sealed record StoredTensor(ITensorStorage Storage, ScalarType Type, long[] Shape, long Offset, long[]? Strides);

/// <summary>The tensors found in a file of any kind.</summary>
internal sealed class StoredWeightFile : IWeightFile
{
    private readonly FileBytes _file;
    private readonly IDisposable? _archive;
    private readonly IReadOnlyDictionary<string, StoredTensor> _stored;

    public StoredWeightFile(
        FileBytes file, WeightFormat format, IReadOnlyDictionary<string, StoredTensor> stored,
        IReadOnlyDictionary<string, string>? metadata = null, IDisposable? archive = null)
    {
        (_file, Format, _stored, _archive) = (file, format, stored, archive);
        Metadata = metadata ?? new Dictionary<string, string>();
        Tensors = stored.ToDictionary(s => s.Key, s => new WeightTensorInfo(s.Key, s.Value.Type, s.Value.Shape), StringComparer.Ordinal);
        foreach (var (name, tensor) in stored)
        {
            Check(name, tensor);
        }
    }

    public string Path => _file.Path;

    public WeightFormat Format { get; }

    public IReadOnlyDictionary<string, WeightTensorInfo> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; }

    public Tensor Read(string name)
    {
        var stored = _stored.TryGetValue(name, out var found)
            ? found
            : throw new WeightsException(Path, $"there is no tensor '{name}' in it.");
        using var scope = torch.NewDisposeScope();
        int size = ElementSize(stored.Type);
        try
        {
            if (stored.Strides is null)
            {
                var tensor = torch.empty(stored.Shape, stored.Type);
                Fill(tensor, stored.Storage, stored.Offset * size);
                return tensor.MoveToOuterDisposeScope();
            }

            // A view with strides: read the run it covers, then gather.
            var run = torch.empty([Span(stored)], stored.Type);
            Fill(run, stored.Storage, stored.Offset * size);
            return run.as_strided(stored.Shape, stored.Strides).contiguous().MoveToOuterDisposeScope();
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException)
        {
            throw new WeightsException(Path, $"tensor '{name}' cannot be read ({e.Message}). Get the file again.", e);
        }
    }

    public string ComputeSha256() => _file.Sha256;

    public void Dispose()
    {
        _archive?.Dispose();
        _file.Dispose();
    }

    internal static int ElementSize(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        _ => 1,
    };

    private static void Fill(Tensor tensor, ITensorStorage storage, long offset)
    {
        if (tensor.numel() > 0)
        {
            storage.Read(offset, tensor.bytes);
        }
    }

    private static long Span(StoredTensor tensor) =>
        tensor.Shape.Contains(0) ? 0 : 1 + tensor.Shape.Zip(tensor.Strides!, (n, s) => checked((n - 1) * s)).Sum();

    private void Check(string name, StoredTensor tensor)
    {
        try
        {
            long count = 1, strides = 1; // a side of 0 makes the others no smaller: their product must be a number, too
            foreach (long n in tensor.Shape)
            {
                count = n < 0 ? throw new OverflowException() : checked(count * n);
                strides = checked(strides * Math.Max(n, 1));
            }

            if (tensor.Strides is { } stored && (stored.Length != tensor.Shape.Length || stored.Any(s => s < 0)))
            {
                throw new OverflowException();
            }

            long span = tensor.Strides is null ? count : checked(Span(tensor));
            long bytes = checked((tensor.Offset + span) * ElementSize(tensor.Type));
            // A stride of 0 lets a few bytes declare any size: count what would be allocated, too.
            if (tensor.Offset < 0 || bytes > tensor.Storage.Length || checked(count * ElementSize(tensor.Type)) > Math.Max(tensor.Storage.Length, 1))
            {
                throw new OverflowException();
            }

            if (bytes > int.MaxValue)
            {
                throw new WeightsException(Path, $"tensor '{name}' is larger than 2 GiB, which is not supported.");
            }
        }
        catch (OverflowException)
        {
            throw new WeightsException(
                Path, $"tensor '{name}' of shape [{string.Join(", ", tensor.Shape)}] does not fit its data. The file is damaged; get it again.");
        }
    }
}
