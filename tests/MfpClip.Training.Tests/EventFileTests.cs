using System.Buffers.Binary;
using System.Text;
using MfpClip.Training.Watching;

namespace MfpClip.Training.Tests;

public class EventFileTests
{
    [Fact]
    public void The_checksum_is_the_standards()
    {
        // RFC 3720, B.4: 32 bytes of zeros give 8A9136AA; "123456789" gives E3069283. TFRecord rotates right by 15 and adds a constant.
        static uint Masked(uint crc) => unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
        Assert.Equal(Masked(0x8A9136AA), EventFile.MaskedCrc(new byte[32]));
        Assert.Equal(Masked(0xE3069283), EventFile.MaskedCrc(Encoding.ASCII.GetBytes("123456789")));
    }

    [Fact]
    public void Values_are_read_back_by_a_protobuf_reader()
    {
        using var folder = new TestFolder();
        string path;
        using (var events = new EventFile(folder.Path))
        {
            path = events.Path;
            events.Scalars(300, [new("loss/total", 0.25), new("learning_rate", 1e-3)]);
        }

        var records = Records(File.ReadAllBytes(path)).ToList();
        Assert.Equal("brain.Event:2", Tensorboard.Event.Parser.ParseFrom(records[0]).FileVersion);
        var values = Tensorboard.Event.Parser.ParseFrom(records[1]);
        Assert.Equal(300, values.Step);
        Assert.InRange(values.WallTime, 1.5e9, 1e11);
        Assert.Equal(["loss/total", "learning_rate"], values.Summary.Value.Select(v => v.Tag));
        Assert.Equal([0.25f, 1e-3f], values.Summary.Value.Select(v => v.SimpleValue));
        Assert.Contains("tfevents", Path.GetFileName(path), StringComparison.Ordinal);
    }

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(EventFile.MaskedCrc(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            byte[] payload = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(EventFile.MaskedCrc(payload), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return payload;
            at += 16 + length;
        }
    }
}
