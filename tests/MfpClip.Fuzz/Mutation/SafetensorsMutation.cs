using System.Buffers.Binary;
using System.Text;

namespace MfpClip.Fuzz.Mutation;

/// <summary>Changes the header of a safetensors file as JSON, texts in its metadata as JSON of their own, or a value of its data.</summary>
internal static class SafetensorsMutation
{
    public static byte[] Any(byte[] input, FuzzRandom random, IReadOnlyList<byte[]> corpus)
    {
        if (input.Length < 10 || BinaryPrimitives.ReadInt64LittleEndian(input) is var length && (length < 2 || length > input.Length - 8))
        {
            return ByteMutation.Any(input, random, corpus);
        }

        string header = Encoding.UTF8.GetString(input, 8, (int)length).TrimEnd();
        byte[] data = input[(8 + (int)length)..];
        if (random.Chance(4))
        {
            data = ByteMutation.Any(data.Length == 0 ? [0] : data, random, corpus);
            data = random.Chance(2) ? Value(data, random) : data;
        }
        else
        {
            header = random.Chance(2) ? Inner(header, random) : TextMutation.Json(header, random);
        }

        byte[] text = Encoding.UTF8.GetBytes(header), file = new byte[8 + text.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        data.CopyTo(file, 8 + text.Length);
        return ByteMutation.Bounded(file);
    }

    // Metadata hold JSON as text: change a token of one of them.
    private static string Inner(string header, FuzzRandom random)
    {
        try
        {
            var root = System.Text.Json.Nodes.JsonNode.Parse(header)!.AsObject();
            if (root["__metadata__"] is not System.Text.Json.Nodes.JsonObject metadata || metadata.Count == 0)
            {
                return TextMutation.Json(header, random);
            }

            string key = random.Of(metadata.Select(m => m.Key).ToList());
            metadata[key] = TextMutation.Json((string?)metadata[key] ?? string.Empty, random);
            return root.ToJsonString();
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or ArgumentException)
        {
            return TextMutation.Json(header, random);
        }
    }

    private static byte[] Value(byte[] data, FuzzRandom random)
    {
        if (data.Length >= 4)
        {
            float value = random.Of([float.NaN, float.PositiveInfinity, float.MaxValue, -1f, 0f, float.Epsilon]);
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(random.Next(data.Length / 4) * 4), value);
        }

        return data;
    }
}
