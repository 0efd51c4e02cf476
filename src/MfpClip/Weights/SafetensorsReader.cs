using System.Buffers.Binary;
using System.Text.Json;

namespace MfpClip.Weights;

/// <summary>Reads safetensors: 8 bytes of header length, a JSON header, raw little-endian data.</summary>
internal static class SafetensorsReader
{
    // The reference implementation takes headers of 100 MB, which cost a gigabyte once parsed; published models have less than 1 MB for 2,000 tensors.
    private const long MaximumHeader = 16L << 20;
    private const int MaximumTensors = 100_000, MaximumRank = 32;

    public static StoredWeightFile Read(FileBytes file)
    {
        long length = BinaryPrimitives.ReadInt64LittleEndian(file.Read(0, 8));
        if (length is < 2 or > MaximumHeader || length > file.Length - 8)
        {
            throw Damaged(file, $"its header claims {length} bytes (at most {MaximumHeader} are read)");
        }

        long dataStart = 8 + length;
        long dataLength = file.Length - dataStart;
        var tensors = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var runs = new List<(long Start, long End)>();
        try
        {
            using var header = JsonDocument.Parse(file.Read(8, (int)length));
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.NameEquals("__metadata__"))
                {
                    foreach (var pair in entry.Value.EnumerateObject())
                    {
                        metadata[pair.Name] = pair.Value.GetString() ?? string.Empty;
                    }

                    continue;
                }

                if (tensors.Count == MaximumTensors)
                {
                    throw Damaged(file, $"it lists more than {MaximumTensors} tensors");
                }

                var (tensor, start, end) = ReadEntry(file, entry, dataStart, dataLength);
                if (!tensors.TryAdd(entry.Name, tensor))
                {
                    throw Damaged(file, $"tensor '{entry.Name}' is listed twice");
                }

                runs.Add((start, end));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new WeightsException(file.Path, "the safetensors header cannot be read. The file is damaged; get it again.", e);
        }

        CheckCover(file, runs, dataLength);
        return new StoredWeightFile(file, WeightFormat.Safetensors, tensors, metadata);
    }

    private static (StoredTensor Tensor, long Start, long End) ReadEntry(FileBytes file, JsonProperty entry, long dataStart, long dataLength)
    {
        string type = entry.Value.GetProperty("dtype").GetString() ?? string.Empty;
        var sizes = entry.Value.GetProperty("shape");
        if (sizes.GetArrayLength() > MaximumRank)
        {
            throw Damaged(file, $"tensor '{entry.Name}' has {sizes.GetArrayLength()} dimensions");
        }

        var shape = sizes.EnumerateArray().Select(n => n.GetInt64()).ToArray();
        var offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(n => n.GetInt64()).ToArray();
        if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] < offsets[0] || offsets[1] > dataLength)
        {
            throw Damaged(file, $"the data of tensor '{entry.Name}' lies outside the file");
        }

        var scalar = Types.FirstOrDefault(t => t.Name == type);
        if (scalar.Name is null)
        {
            throw new WeightsException(file.Path,
                $"tensor '{entry.Name}' has the dtype '{type}', which is not supported ({string.Join(", ", Types.Select(t => t.Name))} are).");
        }

        long bytes = StoredWeightFile.ElementSize(scalar.Type);
        foreach (long n in shape)
        {
            bytes = n < 0 || (n > 0 && bytes > long.MaxValue / n) ? -1 : bytes * n;
            if (bytes < 0)
            {
                break;
            }
        }

        if (bytes != offsets[1] - offsets[0])
        {
            throw Damaged(file, $"tensor '{entry.Name}' of shape [{string.Join(", ", shape)}] does not fit its {offsets[1] - offsets[0]} bytes");
        }

        return (new StoredTensor(new FileStorage(file, dataStart + offsets[0], bytes), scalar.Type, shape, 0, null), offsets[0], offsets[1]);
    }

    private static void CheckCover(FileBytes file, List<(long Start, long End)> runs, long dataLength)
    {
        long at = 0;
        foreach (var (start, end) in runs.Order())
        {
            if (start != at)
            {
                throw Damaged(file, start < at ? "two tensors share bytes" : "there are bytes that belong to no tensor");
            }

            at = end;
        }

        if (at != dataLength)
        {
            throw Damaged(file, "there are bytes that belong to no tensor");
        }
    }

    private static WeightsException Damaged(FileBytes file, string what) =>
        new(file.Path, $"{what}. The file is damaged or not safetensors; get it again.");

    /// <summary>Dtypes by their safetensors name.</summary>
    internal static readonly (string Name, ScalarType Type)[] Types =
    [
        ("F32", ScalarType.Float32), ("F16", ScalarType.Float16), ("BF16", ScalarType.BFloat16), ("F64", ScalarType.Float64),
        ("I64", ScalarType.Int64), ("I32", ScalarType.Int32), ("I16", ScalarType.Int16), ("I8", ScalarType.Int8),
        ("U8", ScalarType.Byte), ("BOOL", ScalarType.Bool),
    ];
}
