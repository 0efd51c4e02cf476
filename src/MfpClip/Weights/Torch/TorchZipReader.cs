using System.IO.Compression;

namespace MfpClip.Weights.Torch;

/// <summary>Reads the zip form of <c>torch.save</c> and TorchScript archives: <c>data.pkl</c> beside one entry a storage.</summary>
internal static class TorchZipReader
{
    public static StoredWeightFile Read(FileBytes file)
    {
        var archive = new ZipArchive(file.OpenStream(), ZipArchiveMode.Read);
        try
        {
            var pickle = archive.Entries.FirstOrDefault(e => e.Name == "data.pkl")
                ?? throw new WeightsException(file.Path, "the zip archive has no 'data.pkl', so it is not from torch.save or TorchScript.");
            string root = pickle.FullName[..^"data.pkl".Length];
            bool script = archive.GetEntry($"{root}constants.pkl") is not null || archive.Entries.Any(
                e => e.FullName.StartsWith($"{root}code/", StringComparison.Ordinal));
            if (archive.GetEntry($"{root}byteorder") is { Length: < 16 } order && new StreamReader(order.Open()).ReadToEnd().Trim() == "big")
            {
                throw new WeightsException(file.Path, "its numbers are big-endian, which is not supported.");
            }

            var reader = new PickleReader(file.Path, ReadAll(file, pickle)) { ResolveStorage = id => Resolve(file, archive, root, id) };
            var tensors = StateDictionary.Flatten(file.Path, reader.Read());
            return new StoredWeightFile(file, script ? WeightFormat.TorchScript : WeightFormat.TorchZip, tensors, archive: archive);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    private static TorchStorage Resolve(FileBytes file, ZipArchive archive, string root, object?[] id)
    {
        if (id is ["storage", PickleName { Storage: { } type }, string key, _, long count, ..])
        {
            var entry = archive.GetEntry($"{root}data/{key}")
                ?? throw new WeightsException(file.Path, $"the entry 'data/{key}' is missing. The file is damaged; get it again.");
            return new(key, type, count, () => new ZipStorage(archive, entry));
        }

        throw new WeightsException(file.Path, "a storage in it is described in an unknown way. The file is damaged, or newer than this library.");
    }

    private static byte[] ReadAll(FileBytes file, ZipArchiveEntry entry)
    {
        if (entry.Length > PickleBudget.MaximumPickle)
        {
            throw new WeightsException(file.Path, $"its 'data.pkl' claims {entry.Length} bytes. The file is damaged; get it again.");
        }

        // What is written about the length may be wrong: no more than that is read.
        var bytes = new byte[entry.Length];
        using var stream = entry.Open();
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length && stream.ReadByte() < 0 ? bytes : throw new WeightsException(
            file.Path, "its 'data.pkl' has another length than the archive says. The file is damaged; get it again.");
    }

    /// <summary>A storage in an archive. The archive has one position, so readers take turns.</summary>
    private sealed record ZipStorage(ZipArchive Archive, ZipArchiveEntry Entry) : ITensorStorage
    {
        // A stored entry cannot hold more than it occupies. torch.save stores; of what other tools deflated more than weights can shrink is not believed.
        public long Length => Math.Min(Entry.Length, Entry.CompressedLength > long.MaxValue / MaximumRatio ? Entry.Length
            : Math.Max(Entry.CompressedLength * MaximumRatio, Math.Min(SmallEntry, Entry.CompressedLength * 1032)));

        private const int MaximumRatio = 8, SmallEntry = 1 << 20;

        public void Read(long offset, Span<byte> target)
        {
            lock (Archive)
            {
                using var stream = Entry.Open();
                Skip(stream, offset);
                stream.ReadExactly(target);
            }
        }

        private static void Skip(Stream stream, long count)
        {
            if (stream.CanSeek)
            {
                stream.Seek(count, SeekOrigin.Current);
                return;
            }

            var buffer = new byte[81920];
            while (count > 0)
            {
                int part = (int)Math.Min(count, buffer.Length);
                stream.ReadExactly(buffer, 0, part);
                count -= part;
            }
        }
    }
}
