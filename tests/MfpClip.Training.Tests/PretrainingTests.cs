using System.Text.RegularExpressions;
using MfpClip.Backbones.Cnn;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Methods.Mfp;
using MfpClip.Objectives;
using MfpClip.Training.Pretraining;
using MfpClip.Weights;

namespace MfpClip.Training.Tests;

public sealed class PretrainingTests : IDisposable
{
    private const int Size = 64;
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_broken_off_run_goes_on_to_the_same_weights()
    {
        string cnn = Cnn();
        var whole = Pretrainer.Run(new Dots(), Options("whole", cnn));
        var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Pretrainer.Run(
            new Dots(), Options("parts", cnn), new Call(p => { if (p is { Phase: "training", Done: >= 20 }) stop.Cancel(); }), stop.Token));

        var parts = Pretrainer.Run(new Dots(), Options("parts", cnn));

        Assert.Equal(File.ReadAllBytes(whole.Backbone), File.ReadAllBytes(parts.Backbone));
        using var a = WeightFile.Open(whole.Modules);
        using var b = WeightFile.Open(parts.Modules);
        foreach (string name in a.Tensors.Keys)
        {
            using var scope = torch.NewDisposeScope();
            Assert.True(a.Read(name).equal(b.Read(name)).all().item<bool>(), name);
        }
    }

    [Fact]
    public void It_learns_what_a_defect_is_and_the_detector_sees_the_same()
    {
        string cnn = Cnn();
        var losses = new List<double>();
        var result = Pretrainer.Run(
            new Dots(), Options("learn", cnn) with { Epochs = 12, AverageDecay = 0.8 }, new Call(p => { if (p.Loss is { } loss) { losses.Add(loss); } }));

        Assert.True(losses[^1] < 0.8 * losses[0], $"The loss went from {losses[0]} to {losses[^1]}.");
        Assert.True(result.Score.PixelAuroc > 80, $"Pixel AUROC is {result.Score.PixelAuroc}.");
        using var detector = HybridMfpClip.Apply(new ZeroShotDetectorBuilder().UseBackbone(result.Backbone), Size)
            .UseCnn(new EfficientNetLiteOptions { WeightsPath = cnn, InputSize = HybridMfpClip.CnnInputSize }).WithModuleWeights(result.Modules).Build();
        var bad = Enumerable.Range(0, 40).Select(i => new Dots().Create(i, true)).First(s => s.IsDefective);
        var map = detector.Detect(bad.Image, new() { ClassName = bad.Category }).ModelMap;
        double Mean(bool inside) => bad.Mask.Select((m, i) => (m, i)).Where(x => x.m == inside).Average(x => (double)map.Data[x.i]);
        Assert.True(Mean(true) > Mean(false), $"On the defect {Mean(true)}, elsewhere {Mean(false)}.");
    }

    [Fact]
    public void A_cache_is_made_anew_for_other_pictures_and_kept_for_the_same()
    {
        string cnn = Cnn();
        var options = Options("cache", cnn) with { Epochs = 1 };
        var source = new Dots();
        Pretrainer.Run(source, options);
        int first = source.Made;
        File.Delete(Path.Combine(options.Folder, "checkpoint.safetensors"));
        Pretrainer.Run(source, options);
        Assert.Equal(first, source.Made);
        File.Delete(Path.Combine(options.Folder, "checkpoint.safetensors"));
        Pretrainer.Run(source, options with { Images = options.Images + 16 });
        Assert.Equal(first + 16, source.Made);
        File.Delete(Path.Combine(options.Folder, "checkpoint.safetensors"));
        Pretrainer.Run(new Dots("others"), options);
        Assert.Equal(2, Directory.GetFiles(options.Folder, "about.json", SearchOption.AllDirectories)
            .Count(f => File.ReadAllText(f).Contains("others", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_checkpoint_of_other_settings_is_refused()
    {
        string cnn = Cnn();
        var options = Options("settings", cnn) with { CheckpointSteps = 2, Epochs = 1 };
        Pretrainer.Run(new Dots(), options);
        Assert.Contains("another recipe", Assert.Throws<TrainingException>(() => Pretrainer.Run(new Dots(), options with { LearningRate = 1e-4 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_can_be_cut_short()
    {
        var options = Options("short", Cnn()) with { CheckpointSteps = 8, Epochs = 3 };
        var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Pretrainer.Run(
            new Dots(), options with { Epochs = 30 }, new Call(p => { if (p is { Phase: "training", Done: >= 20 }) stop.Cancel(); }), stop.Token));
        long last = 0;
        Pretrainer.Run(new Dots(), options, new Call(p => last = Math.Max(last, p.Phase == "training" ? p.Total : 0)));
        Assert.Equal(24, last);
    }

    // torch.optim.lr_scheduler.OneCycleLR(max_lr=1, total_steps=100): from 1/25 up to 1 at step 29, down to 4e-6 at step 99.
    [Theory]
    [InlineData(0, 0.04)]
    [InlineData(29, 1)]
    [InlineData(64, 0.500002)]
    [InlineData(99, 4e-6)]
    public void The_schedule_is_PyTorchs(long step, double expected) => Assert.Equal(expected, new OneCycle(1, 100).At(step), 1e-6);

    [Fact]
    public void A_cache_may_be_larger_than_two_gibibytes()
    {
        string cnn = Cnn(), folder = Path.Combine(_folder, "large");
        Pretrainer.Run(new Dots(), Options("large", cnn) with { Images = 8, Epochs = 1 });
        string features = Path.GetDirectoryName(Directory.GetFiles(folder, "features.bin", SearchOption.AllDirectories).OrderBy(f => f.Length).First())!;
        string data = Path.Combine(features, "features.bin"), index = Path.Combine(features, "pictures.jsonl");
        long record = new FileInfo(data).Length / 8;
        int count = (int)((3L << 30) / record);
        using (var sparse = new FileStream(data, FileMode.Open))
        {
            sparse.SetLength(count * record);
        }

        string zeros = Regex.Replace(File.ReadLines(index).First(), "\"Sum\":[0-9]+", $"\"Sum\":{Checksum.Of(new byte[record])}");
        File.AppendAllLines(index, Enumerable.Repeat(zeros, count - 8));
        File.Delete(Path.Combine(folder, "checkpoint.safetensors"));
        var source = new Dots();
        var stop = new CancellationTokenSource();
        long done = 0;
        Assert.Throws<OperationCanceledException>(() => Pretrainer.Run(
            source, Options("large", cnn) with { Images = count },
            new Call(p => { if (p.Phase == "training") { done = p.Done; stop.Cancel(); } }), stop.Token));
        Assert.Equal(20, done); // of the first twenty steps of eight images, nearly every one reaches beyond
        Assert.Equal(0, source.Made);
    }

    [Fact]
    public void A_cache_with_a_flipped_bit_is_not_trained_on()
    {
        string cnn = Cnn();
        var options = Options("flipped", cnn) with { Epochs = 1 };
        Pretrainer.Run(new Dots(), options);
        File.Delete(Path.Combine(options.Folder, "checkpoint.safetensors"));
        string data = Directory.GetFiles(options.Folder, "features.bin", SearchOption.AllDirectories).OrderBy(f => f.Length).Last();
        using (var file = new FileStream(data, FileMode.Open))
        {
            file.Position = file.Length / 2;
            int value = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(value ^ 1));
        }

        Assert.Contains("checksum", Assert.Throws<TrainingException>(() => Pretrainer.Run(new Dots(), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_of_a_picture_keeps_the_defect_and_is_squeezed()
    {
        const int Side = 100;
        var pixels = new byte[Side * Side * 3];
        var mask = new bool[Side * Side];
        for (int i = 0; i < Side * Side; i++)
        {
            // A bright square on dark ground is the defect.
            mask[i] = i % Side is >= 40 and < 60 && i / Side is >= 40 and < 60;
            pixels.AsSpan(i * 3, 3).Fill((byte)(mask[i] ? 220 : 20));
        }

        var shapes = new HashSet<(int, int)>();
        int tall = 0, wide = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            var (image, part) = Framing.Take(new(Side, Side, pixels), mask, 80, new Random(seed));
            Assert.Equal((80, 80, 6400), (image.Width, image.Height, part.Length));
            Assert.Contains(true, part);
            // The mask lies where the image is bright, but for the pixels on the outline that are a bit of both.
            int astray = part.Select((m, i) => (m, Bright: image.Pixels[i * 3] > 120)).Count(p => p.m != p.Bright);
            Assert.True(astray < 0.4 * part.Count(m => m) + 8, $"seed {seed}: {astray} of {part.Count(m => m)}");
            var again = Framing.Take(new(Side, Side, pixels), mask, 80, new Random(seed));
            Assert.Equal(part, again.Mask);
            int rows = Enumerable.Range(0, 80).Count(y => Array.IndexOf(part, true, y * 80, 80) >= 0);
            int columns = Enumerable.Range(0, 80).Count(x => Enumerable.Range(0, 80).Any(y => part[(y * 80) + x]));
            shapes.Add((part.Count(m => m), rows));
            (tall, wide) = (tall + (rows > columns + 4 ? 1 : 0), wide + (columns > rows + 4 ? 1 : 0));
        }

        Assert.True(tall > 4 && wide > 4, $"The square was stretched upwards {tall} times, sideways {wide} times.");
        Assert.True(shapes.Count > 20, $"Only {shapes.Count} different windows.");
    }

    [Fact]
    public void The_procedural_source_shows_a_picture_again_and_again()
    {
        var source = new ProceduralSource(64, 5);
        var made = Enumerable.Range(0, 24).Select(i => source.Create(i, false)).ToList();
        Assert.All(made, m => Assert.Equal((64, 64, 64 * 64), (m.Image.Width, m.Image.Height, m.Mask.Length)));
        Assert.Equal(made[7].Image.Pixels.ToArray(), source.Create(7, false).Image.Pixels.ToArray());
        Assert.NotEqual(made[7].Image.Pixels.ToArray(), source.Create(7, true).Image.Pixels.ToArray());
        Assert.InRange(made.Count(m => m.IsDefective), 8, 22); // 65 % of 24
        Assert.Contains("framed", source.Identity, StringComparison.Ordinal);
        var large = new ProceduralSource(64, 5, 0.4f);
        Assert.NotEqual(source.Identity, large.Identity); // features of one are not taken for the other's
        double Area(ProceduralSource s) => Enumerable.Range(0, 60).Average(i => s.Create(i, false).Mask.Average(m => m ? 1.0 : 0));
        Assert.True(Area(new(64, 5, 1)) > 1.4 * Area(source), "The defects are no larger.");
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProceduralSource(64, 5, 1.5f));
    }

    private string Cnn()
    {
        string path = Path.Combine(_folder, "cnn.safetensors");
        using var scope = torch.NewDisposeScope();
        SafetensorsWriter.Write(path, EfficientNetLiteWeights.Random(16, head: true, 5));
        return path;
    }

    private PretrainingOptions Options(string name, string cnn) => new()
    {
        Folder = Path.Combine(_folder, name), CnnPath = cnn, Images = 64, ValidationImages = 24, BatchSize = 8, Epochs = 4, Seed = 3, LearningRate = 5e-3,
        CheckpointSteps = 10, Threads = 1,
        Model = new()
        {
            EmbedDim = 16,
            Vision = new() { ImageSize = Size, Width = 24, Layers = 4, Heads = 2, PooledGrid = 2, PositionGrid = 2, Kernel = 3 },
            Text = new() { VocabSize = 49408, Width = 8, Layers = 1, Heads = 1 },
        },
    };

    private sealed class Call(Action<PretrainingProgress> action) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value) => action(value);
    }

    /// <summary>Grey noise; the defect is a bright square.</summary>
    private sealed class Dots(string name = "dots") : IPretrainingSource
    {
        public int Made;

        public string Identity => name;

        public PretrainingSample Create(int index, bool heldOut)
        {
            Interlocked.Increment(ref Made);
            var random = new Random((index * 2) + (heldOut ? 1 : 0));
            var pixels = Enumerable.Range(0, Size * Size * 3).Select(_ => (byte)random.Next(90, 130)).ToArray();
            var mask = new bool[Size * Size];
            if (index % 2 == 0)
            {
                int left = random.Next(Size - 16), top = random.Next(Size - 16);
                for (int i = 0; i < 256; i++)
                {
                    int at = ((top + (i / 16)) * Size) + left + (i % 16);
                    mask[at] = true;
                    pixels.AsSpan(at * 3, 3).Fill(250);
                }
            }

            return new(new(Size, Size, pixels), mask, heldOut ? "plate" : "sheet", index % 2 == 0 ? "a sheet with a spot" : "a good sheet");
        }
    }
}
