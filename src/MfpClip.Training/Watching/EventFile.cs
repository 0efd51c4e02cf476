using System.Buffers.Binary;
using System.Text;

namespace MfpClip.Training.Watching;

/// <summary>
/// TensorBoard's event file: TFRecord frames (length, masked CRC-32C, payload, masked CRC-32C) of <c>Event</c> messages (protobuf). Written
/// here because TorchSharp's SummaryWriter opens the file from scratch for every value. One writer, one thread.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private readonly FileStream _stream;

    /// <summary>Starts a new file in the folder; TensorBoard reads all of a folder's files as one run.</summary>
    public EventFile(string folder)
    {
        Directory.CreateDirectory(folder);
        // TensorBoard finds files by "tfevents" and orders them by name: the time comes first.
        string name = FormattableString.Invariant($"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds():d14}.{Environment.ProcessId}");
        Path = System.IO.Path.Combine(folder, name);
        _stream = new(Path, FileMode.Create, FileAccess.Write, FileShare.Read);
        Write(Event(0, version: "brain.Event:2"));
        Flush();
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Says that the run starts (again) with this step: readers then drop what an earlier file holds from it on.</summary>
    public void Start(long step)
    {
        // SessionLog { status = 1: START = 1 }
        Write(Event(step, session: [1 << 3, 1]));
        Flush();
    }

    /// <summary>Writes values of one step.</summary>
    public void Scalars(long step, IEnumerable<KeyValuePair<string, double>> values)
    {
        using var summary = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        foreach (var (tag, value) in values)
        {
            using var item = new MemoryStream(); // Summary.Value { tag = 1; simple_value = 2 }
            Bytes(item, 1, Encoding.UTF8.GetBytes(tag));
            item.WriteByte((2 << 3) | 5);
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            item.Write(number);
            Bytes(summary, 1, item.ToArray()); // Summary { repeated Value value = 1 }
        }

        Write(Event(step, summary: summary.ToArray()));
    }

    /// <summary>Hands everything to the operating system.</summary>
    public void Flush() => _stream.Flush();

    /// <exception cref="IOException">What is left cannot be written; the file is closed.</exception>
    public void Dispose() => _stream.Dispose();

    /// <summary>CRC-32C, masked as TFRecord wants it.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = Checksum.Of(data);
        return unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
    }

    // Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog session_log = 7 }
    private static byte[] Event(long step, string? version = null, byte[]? summary = null, byte[]? session = null)
    {
        using var message = new MemoryStream();
        message.WriteByte((1 << 3) | 1);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(time, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0);
        message.Write(time);
        message.WriteByte(2 << 3);
        Varint(message, (ulong)step);
        if (version is not null)
        {
            Bytes(message, 3, Encoding.UTF8.GetBytes(version));
        }

        if (summary is not null)
        {
            Bytes(message, 5, summary);
        }

        if (session is not null)
        {
            Bytes(message, 7, session);
        }

        return message.ToArray();
    }

    private static void Bytes(Stream target, int field, ReadOnlySpan<byte> value)
    {
        target.WriteByte((byte)((field << 3) | 2));
        Varint(target, (ulong)value.Length);
        target.Write(value);
    }

    private static void Varint(Stream target, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            target.WriteByte((byte)(value | 0x80));
        }

        target.WriteByte((byte)value);
    }

    private void Write(ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], MaskedCrc(header[..8]));
        _stream.Write(header);
        _stream.Write(payload);
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, MaskedCrc(payload));
        _stream.Write(footer);
    }
}
