using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace MfpClip.Fuzz.Mutation;

/// <summary>Changes what lies in an archive or in compressed data, and packs it again.</summary>
internal static class ArchiveMutation
{
    /// <summary>Of <c>torch.save</c>'s zip archives: an entry's content, its name, its number; pickles by their operations.</summary>
    public static byte[] Zip(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        var entries = new List<(string Name, byte[] Content)>();
        try
        {
            using var archive = new ZipArchive(new MemoryStream(input), ZipArchiveMode.Read);
            foreach (var entry in archive.Entries.Take(64))
            {
                using var stream = entry.Open();
                byte[] content = new byte[Math.Min(entry.Length, 1 << 17)];
                stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
                entries.Add((entry.FullName, content));
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException or NotSupportedException)
        {
            return ByteMutation.Any(input, random, corpus);
        }

        if (entries.Count == 0)
        {
            return ByteMutation.Any(input, random, corpus);
        }

        int at = random.Next(4) != 0 && entries.FindIndex(e => e.Name.EndsWith("data.pkl", StringComparison.Ordinal)) is >= 0 and var pickle
            ? pickle : random.Next(entries.Count);
        var (name, bytes) = entries[at];
        switch (random.Next(8))
        {
            case 0:
                entries.RemoveAt(at);
                break;
            case 1:
                entries.Add((random.Chance(2) ? name : name + random.Of(["", "0", "/", "\0", "x"]), bytes));
                break;
            default:
                bytes = bytes.Length == 0 ? [0] : bytes;
                entries[at] = (name, name.EndsWith(".pkl", StringComparison.Ordinal) ? Pickle(bytes, random, corpus)
                    : ByteMutation.Any(bytes, random, corpus));
                break;
        }

        using var packed = new MemoryStream();
        using (var archive = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (entryName, content) in entries)
            {
                var entry = archive.CreateEntry(
                    entryName.Length == 0 ? "x" : entryName, random.Chance(8) ? CompressionLevel.Fastest : CompressionLevel.NoCompression);
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return ByteMutation.Bounded(packed.ToArray());
    }

    /// <summary>Of pickles: operations put in, taken out, written twice; numbers in texts.</summary>
    public static byte[] Pickle(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        if (input.Length == 0 || random.Chance(2))
        {
            return ByteMutation.Any(input.Length == 0 ? [0x80, 2, (byte)'.'] : input, random, corpus);
        }

        int at = random.Next(input.Length);
        byte[] operation = random.Next(12) switch
        {
            0 => "("u8.ToArray(),
            1 => [(byte)'J', .. Four(random)],
            2 => [(byte)'X', .. Four(random)],
            3 => [(byte)'j', .. Four(random)],
            4 => [(byte)'r', .. Four(random)],
            5 => "ctorch._utils\n_rebuild_tensor_v2\n"u8.ToArray(),
            6 => Encoding.ASCII.GetBytes($"I{random.Number()}\n"),
            7 => [(byte)'h', (byte)random.Next(32)],
            8 => [0x8a, 8, .. Four(random), .. Four(random)],
            9 => [(byte)'2', (byte)'2', (byte)'2'],
            _ => [random.Of("aAbBcCdDeEgGhHiIjJkKlLMNopPQqRrsStTuUVX0123]})(.}\u0081\u0085\u0086\u0087\u0088\u0089\u008a\u0094\u0093\u0095"u8.ToArray())],
        };
        return ByteMutation.Bounded([.. input[..at], .. operation, .. input[(random.Chance(2) ? at : Math.Min(at + operation.Length, input.Length))..]]);
    }

    /// <summary>Of gzip: the lines inside.</summary>
    public static byte[] Gzip(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        byte[] text;
        try
        {
            using var gzip = new GZipStream(new MemoryStream(input), CompressionMode.Decompress);
            text = new byte[1 << 16];
            text = text[..gzip.ReadAtLeast(text, text.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return ByteMutation.Any(input, random, corpus);
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(TextMutation.Lines(text, random, corpus));
        }

        return packed.ToArray();
    }

    private static byte[] Four(FuzzRandom random)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)random.Number());
        return bytes;
    }
}
