using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfpClip.Files;

namespace MfpClip.Weights;

/// <summary>Writes safetensors atomically: a temporary file in the same folder, flushed, then renamed.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes tensors and text metadata. An existing file is replaced only when all was written.</summary>
    /// <param name="path">The file to be made.</param>
    /// <param name="tensors">Tensors by name, of any shape and device.</param>
    /// <param name="metadata">Text for the header's <c>__metadata__</c>.</param>
    /// <exception cref="OutputException">The folder is absent, not writable, or full; nothing is left behind.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // Sorted by size of the dtype, then name, so that the data is aligned and the bytes do not depend on order.
        var ordered = tensors
            .OrderByDescending(t => StoredWeightFile.ElementSize(t.Value.dtype)).ThenBy(t => t.Key, StringComparer.Ordinal).ToList();
        string temporary = AtomicFile.TemporaryOf(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(Header(ordered, metadata));
                foreach (var (_, tensor) in ordered)
                {
                    using var scope = torch.NewDisposeScope();
                    if (tensor.numel() > 0)
                    {
                        stream.Write(tensor.detach().cpu().contiguous().bytes);
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (DiskFault.Is(e))
        {
            Delete(temporary);
            throw new OutputException(path, $"the weights cannot be written ({e.Message}).", e);
        }
        catch
        {
            Delete(temporary);
            throw;
        }
    }

    private static byte[] Header(List<KeyValuePair<string, Tensor>> ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        var header = new JsonObject();
        if (metadata is { Count: > 0 })
        {
            header["__metadata__"] = new JsonObject(
                metadata.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
        }

        long at = 0;
        foreach (var (name, tensor) in ordered)
        {
            string type = SafetensorsReader.Types.FirstOrDefault(t => t.Type == tensor.dtype).Name
                ?? throw new ArgumentException(
                    $"Tensor '{name}' has the dtype {tensor.dtype}, which safetensors files of this library do not hold.", nameof(ordered));
            long end = at + (tensor.numel() * StoredWeightFile.ElementSize(tensor.dtype));
            header.Add(name, new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. tensor.shape.Select(n => (JsonNode)n)]),
                ["data_offsets"] = new JsonArray(at, end),
            });
            at = end;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, ReflectedJson.Options);
        int padded = (json.Length + 7) / 8 * 8;
        var bytes = new byte[8 + padded];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, padded);
        bytes.AsSpan(8).Fill((byte)' ');
        json.CopyTo(bytes, 8);
        return bytes;
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report.
        }
    }
}
