using System.Buffers.Binary;

namespace MfpClip.Weights.Torch;

/// <summary>Reads the old form of <c>torch.save</c>: five pickles in a row, then the storages, each behind its count.</summary>
internal static class TorchLegacyReader
{
    /// <summary>The pickled magic number 0x1950a86a20f9469cfc6c, protocol 2.</summary>
    public static ReadOnlySpan<byte> Magic => [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

    public static StoredWeightFile Read(FileBytes file)
    {
        var storages = new Dictionary<string, TorchStorage>(StringComparer.Ordinal);
        var places = new Dictionary<string, ITensorStorage>(StringComparer.Ordinal);
        var (values, end) = ReadPickles(file, id => Resolve(file, storages, places, id));
        var keys = values[4] as List<object?> ?? throw Damaged(file, "the list of storages is missing");
        long at = end;
        foreach (var item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage))
            {
                throw Damaged(file, "the list of storages names one that no tensor uses");
            }

            long count = BinaryPrimitives.ReadInt64LittleEndian(file.Read(at, 8));
            long bytes = count < 0 || count > file.Length ? -1 : count * StoredWeightFile.ElementSize(storage.Type);
            if (bytes < 0 || bytes > file.Length - at - 8)
            {
                throw Damaged(file, "a storage reaches beyond its end");
            }

            places[key] = new FileStorage(file, at + 8, bytes);
            at += 8 + bytes;
        }

        var tensors = StateDictionary.Flatten(file.Path, values[3]).ToDictionary(
            t => t.Key, t => t.Value with { Storage = ((Pending)t.Value.Storage).Found() }, StringComparer.Ordinal);
        return new StoredWeightFile(file, WeightFormat.TorchLegacy, tensors);
    }

    /// <summary>The pickles lie at the start, but their length is not written down: read more until they are whole.</summary>
    private static (object?[] Values, long End) ReadPickles(FileBytes file, Func<object?[], object> resolve)
    {
        int size = (int)Math.Min(file.Length, 1 << 20);
        while (true)
        {
            try
            {
                byte[] bytes = file.Read(0, size);
                var values = new object?[5];
                int at = 0;
                for (int i = 0; i < 5; i++)
                {
                    var reader = new PickleReader(file.Path, bytes, at) { ResolveStorage = resolve };
                    values[i] = reader.Read();
                    at = reader.Position;
                }

                return (values, at);
            }
            catch (WeightsException) when (size < file.Length && size < PickleBudget.MaximumPickle)
            {
                size = (int)Math.Min(file.Length, size * 4L);
            }
        }
    }

    private static TorchStorage Resolve(FileBytes file, Dictionary<string, TorchStorage> storages, Dictionary<string, ITensorStorage> places, object?[] id)
    {
        if (id is ["storage", PickleName { Storage: { } type }, string key, _, long count, ..])
        {
            var storage = new TorchStorage(key, type, count, () => new Pending(file, key, places));
            storages[key] = storage;
            return storage;
        }

        throw Damaged(file, "a storage is described in an unknown way");
    }

    private static WeightsException Damaged(FileBytes file, string what) => new(file.Path, $"{what}. The file is damaged; get it again.");

    /// <summary>Stands for a storage until its place in the file is known.</summary>
    private sealed record Pending(FileBytes File, string Key, Dictionary<string, ITensorStorage> Places) : ITensorStorage
    {
        public long Length => Found().Length;

        public ITensorStorage Found() => Places.TryGetValue(Key, out var place) ? place : throw Damaged(File, $"storage '{Key}' is missing");

        public void Read(long offset, Span<byte> target) => Found().Read(offset, target);
    }
}
