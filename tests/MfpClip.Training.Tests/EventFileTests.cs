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

    [Fact]
    public void A_resumed_training_tells_readers_to_drop_the_steps_after_its_checkpoint()
    {
        using var folder = new TestFolder();
        string output = folder["out"];
        using (var detector = Small.Builder().Build())
        {
            // Two steps are kept by the checkpoint, the third is watched and lost with the process.
            new Trainer(detector, Small.Data(), Small.Options(output) with { MaximumSteps = 2 }).Run();
            byte[] checkpoint = File.ReadAllBytes(Path.Combine(output, "checkpoint.safetensors"));
            new Trainer(detector, Small.Data(), Small.Options(output) with { MaximumSteps = 3, Resume = true }).Run();
            File.WriteAllBytes(Path.Combine(output, "checkpoint.safetensors"), checkpoint);
        }

        using (var detector = Small.Builder().Build())
        {
            new Trainer(detector, Small.Data(), Small.Options(output) with { MaximumSteps = 4, Resume = true }).Run();
        }

        var shown = new List<long>();
        foreach (var e in Directory.GetFiles(output, "*tfevents*").Order(StringComparer.Ordinal).SelectMany(f => Records(File.ReadAllBytes(f)))
            .Select(Tensorboard.Event.Parser.ParseFrom))
        {
            // What TensorBoard does with the start of a session: events from that step on have not happened.
            if (e.SessionLog is { Status: Tensorboard.SessionLog.Types.SessionStatus.Start })
            {
                shown.RemoveAll(s => s >= e.Step);
            }
            else if (e.Summary is { } summary && summary.Value.Any(v => v.Tag == "loss/total"))
            {
                shown.Add(e.Step);
            }
        }

        Assert.Equal([1, 2, 3, 4], shown);
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
