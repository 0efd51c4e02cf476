using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MfpClip;

/// <summary>
/// A map as JSON: <c>{"width": W, "height": H, "values": "..."}</c>, values as base64 of little-endian float32, row by row, 5.3 characters a pixel; or without
/// the values, which then read as a map without values (<see cref="AnomalyMap.HasValues"/>).
/// </summary>
public sealed class AnomalyMapJsonConverter : JsonConverter<AnomalyMap>
{
    private const string Width = "width", Height = "height", Values = "values";
    private readonly bool _writesValues;

    /// <summary>Writes values.</summary>
    public AnomalyMapJsonConverter()
        : this(writesValues: true)
    {
    }

    /// <summary>Writes values or leaves them out; both read.</summary>
    /// <param name="writesValues">Whether values are written.</param>
    public AnomalyMapJsonConverter(bool writesValues) => _writesValues = writesValues;

    /// <inheritdoc/>
    public override AnomalyMap Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("An anomaly map is an object with width, height and values.");
        }

        int width = 0, height = 0;
        byte[]? values = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case Width:
                    width = reader.GetInt32();
                    break;
                case Height:
                    height = reader.GetInt32();
                    break;
                case Values when reader.TokenType != JsonTokenType.Null:
                    values = reader.GetBytesFromBase64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        long needed = 4L * width * height;
        return width < 1 || height < 1 ? throw new JsonException($"An anomaly map is {width} x {height}; both must be at least 1.")
            : values is null ? AnomalyMap.WithoutValues(width, height)
            : values.LongLength != needed ? throw new JsonException(
                $"A {width} x {height} map needs {needed} bytes of float32 values, but base64 holds {values.LongLength}.")
            : new(width, height, Floats(values));
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, AnomalyMap value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        writer.WriteStartObject();
        writer.WriteNumber(Width, value.Width);
        writer.WriteNumber(Height, value.Height);
        if (_writesValues && value.HasValues)
        {
            writer.WriteBase64String(Values, Bytes(value.Values));
        }

        writer.WriteEndObject();
    }

    private static ReadOnlySpan<byte> Bytes(ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            return MemoryMarshal.AsBytes(values);
        }

        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return bytes;
    }

    private static float[] Floats(byte[] bytes)
    {
        float[] values = new float[bytes.Length / sizeof(float)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        }

        return values;
    }
}
