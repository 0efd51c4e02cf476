using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace MfpClip.Fuzz.Mutation;

/// <summary>Changes of images by their parts, whose checksums are right again afterwards: what is changed is read, not refused at the door.</summary>
internal static class ImageMutation
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(i =>
    {
        uint c = (uint)i;
        for (int k = 0; k < 8; k++)
        {
            c = (c & 1) != 0 ? (c >> 1) ^ 0xEDB88320 : c >> 1;
        }

        return c;
    })];

    /// <summary>Of PNG: chunks, and what is compressed in them.</summary>
    public static byte[] Png(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        var chunks = Chunks(input);
        if (chunks.Count == 0)
        {
            return ByteMutation.Any(input, random, corpus);
        }

        int at = random.Next(chunks.Count);
        var (kind, content) = chunks[at];
        switch (random.Next(7))
        {
            case 0:
                chunks.RemoveAt(at);
                break;
            case 1:
                chunks.Insert(random.Next(chunks.Count + 1), chunks[at]);
                break;
            case 2:
                var from = Chunks(random.Of(corpus));
                chunks.Insert(random.Next(chunks.Count + 1), from.Count == 0 ? (kind, content) : random.Of(from));
                break;
            case 3 when Inflated(content, kind) is { } packed:
                chunks[at] = (kind, [.. content[..packed.Skip], .. Deflated(ByteMutation.Any(packed.Bytes, random, corpus))]);
                break;
            case 4:
                chunks[at] = (random.Of(["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "eXIf", "zTXt", "tEXt", "iCCP", "gAMA", "acTL"]), content);
                break;
            default:
                chunks[at] = (kind, content.Length == 0 ? [(byte)random.NextBits()] : ByteMutation.Any(content, random, corpus));
                break;
        }

        using var file = new MemoryStream();
        file.Write(input.AsSpan(0, 8));
        Span<byte> four = stackalloc byte[4];
        foreach (var chunk in chunks)
        {
            BinaryPrimitives.WriteInt32BigEndian(four, chunk.Content.Length);
            file.Write(four);
            byte[] body = [.. Encoding.Latin1.GetBytes(chunk.Kind), .. chunk.Content];
            file.Write(body);
            BinaryPrimitives.WriteUInt32BigEndian(four, Crc(body));
            file.Write(four);
        }

        return ByteMutation.Bounded(file.ToArray());
    }

    /// <summary>Of JPEG: segments.</summary>
    public static byte[] Jpeg(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        var starts = new List<int>();
        for (int at = 2; at + 4 <= input.Length && input[at] == 0xff && starts.Count < 64;)
        {
            starts.Add(at);
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(at + 2));
        }

        if (starts.Count == 0)
        {
            return ByteMutation.Any(input, random, corpus);
        }

        int start = random.Of(starts), length = Math.Min(2 + BinaryPrimitives.ReadUInt16BigEndian(input.AsSpan(start + 2)), input.Length - start);
        switch (random.Next(5))
        {
            case 0:
                return [.. input[..start], .. input[(start + length)..]];
            case 1:
                return ByteMutation.Bounded([.. input[..(start + length)], .. input[start..]]);
            case 2:
                byte[] marked = input.ToArray();
                marked[start + 1] = random.Of<byte>([0xc0, 0xc1, 0xc2, 0xc4, 0xc9, 0xcc, 0xd8, 0xd9, 0xda, 0xdb, 0xdd, 0xe0, 0xe1, 0xee, 0xfe]);
                return marked;
            default:
                byte[] changed = input.ToArray();
                int within = start + 4 + random.Next(Math.Max(length - 4, 1));
                ByteMutation.Number(random).AsSpan(0, 1).CopyTo(changed.AsSpan(Math.Min(within, changed.Length - 1)));
                return changed;
        }
    }

    private static List<(string Kind, byte[] Content)> Chunks(byte[] file)
    {
        var chunks = new List<(string, byte[])>();
        for (long at = 8; at + 12 <= file.Length;)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan((int)at));
            if (length > file.Length - at - 12)
            {
                break;
            }

            chunks.Add((Encoding.Latin1.GetString(file, (int)at + 4, 4), file[((int)at + 8)..((int)at + 8 + (int)length)]));
            at += 12 + length;
        }

        return chunks;
    }

    private static (int Skip, byte[] Bytes)? Inflated(byte[] content, string kind)
    {
        int skip = kind == "IDAT" ? 0 : kind == "zTXt" ? Array.IndexOf<byte>(content, 0) + 2 : -1;
        if (skip < 0 || skip > content.Length)
        {
            return null;
        }

        try
        {
            using var zlib = new ZLibStream(new MemoryStream(content[skip..]), CompressionMode.Decompress);
            byte[] bytes = new byte[1 << 18];
            int read = zlib.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read > 0 ? (skip, bytes[..read]) : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return null;
        }
    }

    private static byte[] Deflated(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return packed.ToArray();
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc = Table[(crc ^ b) & 0xff] ^ (crc >> 8);
        }

        return ~crc;
    }
}
