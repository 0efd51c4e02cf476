using MfpClip.Backbones.Cnn;
using MfpClip.Data;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Evaluation.Baselines;
using MfpClip.Evaluation.Reports;
using MfpClip.Execution;
using MfpClip.Kernels;
using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace MfpClip.Evaluation.Tests;

public sealed class EvaluateTogetherTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Detectors_side_by_side_give_what_each_gives_alone()
    {
        var data = SmallDataSet.Write(_folder, "nut", good: 5, bad: 6);
        using var detector = Model().Build();
        using var other = Model().WithoutMultiPatch().Build();
        CategoryDetector Bank(double weight) => (_, references) =>
            detector.WithReferences([.. references.Select(r => ImageInput.FromFile(r.ImagePath))], new() { Weight = weight });
        var lines = new EvaluationLine[]
        {
            new("whole", (_, _) => detector.WithCalibration(null)), new("part", (_, _) => other.WithCalibration(null)), new("bank of 2", Bank(1)) { Shots = 2 },
            new("bank of 4", Bank(1)) { Shots = 4 }, new("both", Bank(0.5)) { Shots = 4, Seed = 3 },
        };

        var together = new Evaluator().EvaluateTogether(lines, data);

        foreach (var (line, run) in lines.Zip(together))
        {
            var alone = new Evaluator(new() { Shots = line.Shots }).EvaluateEachCategory(line.Build, data);
            Assert.Equal(Scores(alone), Scores(run), (a, b) => Math.Abs(a - b) < 1e-5);
            Assert.Equal(alone.Mean.PixelAuroc.Value!.Value, run.Mean.PixelAuroc.Value!.Value, 4);
            Assert.Equal(alone.Detector.WeightsHash, run.Detector.WeightsHash);
            Assert.Equal(line.Name, run.Settings["line"]);
        }

        Assert.Equal(5, together.Select(r => string.Join(' ', Scores(r))).Distinct().Count()); // no line took another's results
        Assert.Equal(3, together[4].Seed);

        static IEnumerable<float> Scores(EvaluationRun run) => run.Categories.SelectMany(c => c.Outcomes).Select(o => o.Score);
    }

    [Fact]
    public void What_is_remembered_of_a_batch_is_computed_once_and_never_of_another()
    {
        using var scope = torch.NewDisposeScope();
        int computed = 0;
        var (a, b) = (torch.rand([2, 3, 4, 4]), torch.rand([2, 3, 4, 4]));
        using var store = new LastBatchFeatures();
        Tensor Twice(Tensor x) => store.Get(Key("owner"), FeatureInputs.Of(x), () =>
        {
            computed++;
            return [x * 2];
        })[0];

        var first = Twice(a);
        first.zero_(); // the caller's own
        Assert.True(Twice(a.clone()).allclose(a * 2));
        Assert.Equal(1, computed);
        Assert.True(Twice(b).allclose(b * 2));
        Assert.True(Twice(torch.ones([1, 3, 8, 8])).allclose(torch.full([1, 3, 8, 8], 2f)));
        Assert.True(Twice(b).allclose(b * 2)); // another shape took nothing away
        Assert.Equal(3, computed);
        Assert.Equal(6, store.Get(Key("other owner"), FeatureInputs.Of(b), () => [torch.tensor(6L)])[0].item<long>());
        Twice(a);
        Assert.Equal(4, computed); // one batch of a shape is stored

        static FeatureKey Key(string network) => new() { Network = network, What = "twice", Precision = TorchSharp.torch.ScalarType.Float32, Device = "cpu" };
    }

    [Fact]
    public void Detectors_that_share_a_store_compute_frozen_features_once()
    {
        var cnn = new CountingCnn();
        using var one = Builder(cnn).Build();
        using var other = Builder(cnn).WithoutMultiPatch().Build(); // not the same detector, but the same network
        var image = ImageInput.FromPixels(new RgbImage(56, 56, new byte[56 * 56 * 3]));
        float alone = other.Detect(image).Score;
        using var store = new LastBatchFeatures();
        using var a = one.WithFeatureStore(store);
        using var b = other.WithFeatureStore(store);
        int before = cnn.Calls;
        a.Detect(image);
        Assert.Equal(before + 1, cnn.Calls);
        Assert.Equal(alone, b.Detect(image).Score, 1e-6f);
        Assert.Equal(before + 1, cnn.Calls);
        one.Detect(image);
        Assert.Equal(before + 2, cnn.Calls); // no store, nothing kept

        static ZeroShotDetectorBuilder Builder(CountingCnn cnn) => new ZeroShotDetectorBuilder().UseRandomBackbone(new()
        {
            EmbedDim = 16, Activation = MlpActivation.QuickGelu,
            Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 }, Text = new()
            {
                VocabSize = 49408, Width = 16, Layers = 1, Heads = 2,
            },
        }, 1).UseCnn(cnn).WithImageSize(56);
    }

    private sealed class CountingCnn : ICnnFeatureExtractor
    {
        public int Calls { get; private set; }

        public int FeatureDim => 3;

        public IReadOnlyList<int> LevelDims => [3, 3, 3, 3, 3];

        public StageDescription Describe() => new() { Stage = "CNN features", Component = "counting" };

        public void To(TorchSharp.torch.Device device)
        {
        }

        public CnnFeatures Extract(Tensor pixels)
        {
            Calls++;
            var f = pixels.mean([2, 3]);
            return new(f, [.. Enumerable.Range(0, 5).Select(_ => f.alias())]);
        }

        public void Dispose()
        {
        }
    }

    [Fact]
    public void A_study_runs_every_line_once_goes_on_where_it_stopped_and_refuses_other_weights()
    {
        SmallDataSet.Write(_folder, "set/cap", good: 3, bad: 3);
        var data = MfpClip.Data.DataSetReader.Open(Path.GetDirectoryName(SmallDataSet.Write(_folder, "set/nut", good: 3, bad: 3).Path)!);
        string output = _folder["out"];
        var options = new BaselineStudyOptions { OutputFolder = output, Shots = [1, 2] };
        int built = 0;
        BaselineModel[] Models(int seed) =>
        [
            .. new[] { 1, 2 }.Select(i => new BaselineModel($"seed{i}", i, () =>
            {
                built++;
                return Model(seed + i);
            })),
        ];

        long before = Tensor.TotalCount;
        string page = new BaselineStudy(options).Run(Models(0), data);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(before, Tensor.TotalCount);

        string[] table = File.ReadAllLines(page);
        var study = new BaselineStudy(options);
        Assert.Equal(14, study.Lines.Count);
        Assert.Equal(8, table.Count(l => l.StartsWith("| random scores |", StringComparison.Ordinal))); // means and seven metrics
        Assert.Contains("±", table.First(l => l.StartsWith("| the model with 2 reference images |", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain("±", table.First(l => l.StartsWith("| random scores |", StringComparison.Ordinal)), StringComparison.Ordinal);

        // Nothing is run again; a category that is missing is.
        built = 0;
        study.Run(Models(0), data);
        Assert.Equal(0, built);
        string kept = Path.Combine(output, "seed1", "zero-shot", "cap", "results.json");
        var written = File.GetLastWriteTimeUtc(kept);
        Directory.Delete(Path.Combine(output, "seed1", "zero-shot", "nut"), recursive: true);
        study.Run(Models(0), data);
        Assert.Equal(2, built); // to check the weights, and to run the line
        Assert.Equal(written, File.GetLastWriteTimeUtc(kept));
        Assert.Equal(table, File.ReadAllLines(page));

        Directory.Delete(Path.Combine(output, "seed1", "zero-shot", "nut"), recursive: true);
        Assert.Contains("other weights", Assert.Throws<ResultsException>(() => study.Run(Models(7), data)).Message, StringComparison.Ordinal);
        Assert.Contains("no line x", Assert.Throws<DetectorConfigurationException>(() => new BaselineStudy(options with { Lines = ["x"] })).Message,
            StringComparison.Ordinal);
    }

    private static ZeroShotDetectorBuilder Model(int seed = 1) => new ZeroShotDetectorBuilder().UseRandomBackbone(new()
    {
        EmbedDim = 16, Activation = MlpActivation.QuickGelu,
        Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 }, Text = new()
        {
            VocabSize = 49408, Width = 16, Layers = 1, Heads = 2,
        },
    }, seed).UseCnn(new EfficientNetLiteOptions { RandomSeed = 1, InputSize = 32 }).WithImageSize(56);
}
