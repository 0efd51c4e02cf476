using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace MfpClip.Weights;

/// <summary>Reads the vectors of a faiss index that stores them as they are (IndexFlatL2). Every size is checked against the file before it is used.</summary>
internal static class FaissIndexFile
{
    // Kind, width, number of vectors, two fields that faiss ignores, whether it is trained, the metric, the number of values.
    private const int HeaderLength = 4 + 4 + 8 + 8 + 8 + 1 + 4 + 8;
    private const int MaximumWidth = 1 << 16;
    private const int EuclideanMetric = 1;

    /// <summary>The vectors, <c>[n, d]</c> float32 on the CPU, in the caller's dispose scope.</summary>
    /// <exception cref="WeightsException">The file is absent, damaged, or an index of another kind.</exception>
    public static Tensor Read(string path)
    {
        using var file = FileBytes.Open(path);
        if (file.Length < HeaderLength)
        {
            throw new WeightsException(path, "it is too short for a faiss index. Get it again.");
        }

        var header = file.Read(0, HeaderLength).AsSpan();
        string kind = Encoding.Latin1.GetString(header[..4]);
        if (kind is not ("IxF2" or "IxFl"))
        {
            string readable = kind.All(c => c is >= ' ' and <= '~') ? $"'{kind}'" : "not one of faiss";
            throw new WeightsException(
                path, $"its kind is {readable}; only IndexFlatL2 (IxF2) can be read. Save the memory with faiss.IndexFlatL2, as PatchCore's code does.");
        }

        long width = BinaryPrimitives.ReadInt32LittleEndian(header[4..]), count = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        int metric = BinaryPrimitives.ReadInt32LittleEndian(header[33..]);
        if (metric != EuclideanMetric)
        {
            throw new WeightsException(path, $"its metric is {metric}; only L2 ({EuclideanMetric}) can be read. Make the index with faiss.IndexFlatL2.");
        }

        ulong values = BinaryPrimitives.ReadUInt64LittleEndian(header[37..]);
        long available = (file.Length - HeaderLength) / sizeof(float);
        if (width is < 1 or > MaximumWidth || count < 1 || count > available / width || values != (ulong)(width * count)
            || file.Length != HeaderLength + (width * count * sizeof(float)) || width * count > int.MaxValue / sizeof(float))
        {
            throw new WeightsException(
                path, $"it says that it has {count} vectors of {width} values, which does not fit its {file.Length} bytes. Get it again.");
        }

        var data = new float[width * count];
        file.Read(HeaderLength, MemoryMarshal.AsBytes(data.AsSpan()));
        if (!data.All(float.IsFinite))
        {
            throw new WeightsException(path, "it has values that are not finite. Get it again.");
        }

        return torch.tensor(data, [count, width]);
    }
}
