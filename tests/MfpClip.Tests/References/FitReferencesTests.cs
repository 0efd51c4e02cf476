using MfpClip.Backbones.Dino;
using MfpClip.Calibration;
using MfpClip.Imaging;
using MfpClip.Methods.AnomalyDino;
using MfpClip.Methods.PatchCore;
using MfpClip.Methods.SubspaceAd;
using MfpClip.References;

namespace MfpClip.Tests.References;

/// <summary>From many images to one file: what breaks off goes on, and nothing is computed twice.</summary>
public sealed class FitReferencesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    [InlineData("patchcore")]
    [InlineData("winclip")]
    public void A_fit_that_was_stopped_goes_on_and_gives_what_one_without_a_stop_gives(string method)
    {
        using var detector = Model(method);
        ImageInput[] images = [.. Enumerable.Range(0, 9).Select(i => ImageInput.FromPixels(Photo(i), $"photo {i}"))];
        using var stop = new CancellationTokenSource();
        var progress = new Reports(p =>
        {
            if (p.Computed == 5)
            {
                stop.Cancel();
            }
        });
        string file = Path("r.safetensors");

        Assert.ThrowsAny<OperationCanceledException>(() => detector.FitReferences(file, images, null, progress, stop.Token).Dispose());
        Assert.False(File.Exists(file));
        Assert.True(File.Exists(ReferenceFitOptions.PartialFile(file)));
        var rest = new Reports(_ => { });
        using var resumed = detector.FitReferences(file, images, null, rest);

        Assert.Equal(4, rest.Last.Computed);
        Assert.Equal((9, 9), (rest.Last.Done, rest.Last.Total));
        Assert.False(File.Exists(ReferenceFitOptions.PartialFile(file)));
        using var whole = detector.WithReferences(images);
        using var loaded = detector.WithReferenceFile(file);
        var tested = ImageInput.FromPixels(Photo(50), "tested");
        foreach (var other in new[] { resumed, loaded })
        {
            Assert.Equal(whole.References!.Images.Select(i => i.Id), other.References!.Images.Select(i => i.Id));
            Assert.Equal(whole.Detect(tested).Score, other.Detect(tested).Score, 1e-5f);
        }

        // Finished: another run computes nothing, an added image is computed alone.
        var again = new Reports(_ => { });
        detector.FitReferences(file, [.. images, ImageInput.FromPixels(Photo(20), "new")], null, again).Dispose();
        Assert.Equal(1, again.Last.Computed);
        Assert.Equal(10, ReferenceFile.Read(file).Summary.Images.Count);
    }

    [Fact]
    public void An_image_that_cannot_be_read_is_named_and_left_out_and_a_copy_counts_once()
    {
        using var detector = Model("anomaly-dino");
        File.WriteAllText(Path("bad.png"), "no image");
        var said = new List<string>();
        var progress = new Reports(p => said.AddRange(p.Unreadable is { } fault ? [fault] : []));
        ImageInput[] images =
        [
            ImageInput.FromPixels(Photo(1), "a"), ImageInput.FromFile(Path("bad.png")), ImageInput.FromPixels(Photo(1), "copy"),
            ImageInput.FromPixels(Photo(2), "b"),
        ];

        using var fitted = detector.FitReferences(Path("r.safetensors"), images, null, progress);

        Assert.Contains("bad.png", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal(["a", "b"], fitted.References!.Images.Select(i => i.Name).Order());
        Assert.Contains(fitted.References.Warnings, w => w.Contains("'copy' shows the same pixels as 'a'", StringComparison.Ordinal));
        Assert.Contains(fitted.References.Warnings, w => w.Contains("bad.png", StringComparison.Ordinal));
        var error = Assert.Throws<ReferenceException>(() => detector.FitReferences(Path("none.safetensors"), [ImageInput.FromFile(Path("bad.png"))]));
        Assert.Contains("none of 1 images can be read", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path("none.safetensors")));
    }

    [Fact]
    public void Other_options_or_another_detector_than_the_file_was_made_with_are_refused_and_change_nothing()
    {
        using var detector = Model("anomaly-dino");
        string file = Path("r.safetensors");
        detector.FitReferences(file, [ImageInput.FromPixels(Photo(1), "a")]).Dispose();
        byte[] before = File.ReadAllBytes(file);
        ImageInput[] more = [ImageInput.FromPixels(Photo(2), "b")];

        Assert.Contains("other reference options", Assert.Throws<DetectorConfigurationException>(
            () => detector.FitReferences(file, more, new() { References = new() { MaximumTokens = 64 } })).Message, StringComparison.Ordinal);
        using var other = Model("anomaly-dino", seed: 2);
        Assert.Throws<WeightsException>(() => other.FitReferences(file, more));

        Assert.Equal(before, File.ReadAllBytes(file));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_calibration_from_the_references_compares_each_with_the_others()
    {
        using var detector = Model("patchcore");
        ImageInput[] images = [.. Enumerable.Range(0, 6).Select(i => ImageInput.FromPixels(Photo(i), $"photo {i}"))];
        using var fitted = detector.FitReferences(Path("r.safetensors"), images);

        var calibration = ScoreCalibrator.FromNormalImages(fitted, images, null, 0.4);

        double[] leftOut =
        [
            .. images.Select((image, i) =>
            {
                using var others = fitted.RemoveReferences($"photo {i}");
                return (double)others.Detect(image).Score;
            }),
        ];
        // The scale of five differs a little from that of six. Compared with itself an image would be at a distance of 0: a score of 0.
        Assert.InRange(calibration.ImageThreshold, leftOut.Min() - 0.03, leftOut.Max() + 0.03);
    }

    private static ZeroShotDetector Model(string method, long seed = 1)
    {
        var builder = new ZeroShotDetectorBuilder();
        return (method switch
        {
            "anomaly-dino" => builder.UseRandomDinoBackbone(Dino, seed).UseAnomalyDino(new() { ShorterSide = 56 }),
            "subspace-ad" => builder.UseRandomDinoBackbone(Dino, seed).UseSubspaceAd(new() { ImageSize = 56, RotatedCopies = 2 }),
            "patchcore" => builder.UseCnn(new MfpClip.Backbones.Cnn.ResNetOptions
            {
                Architecture = MfpClip.Backbones.Cnn.ResNetArchitecture.ResNet18, RandomSeed = seed,
            })
                .UsePatchCore(new() { CoresetFraction = 0.5 }).WithImageSize(64),
            _ => builder.UseRandomBackbone(new()
            {
                EmbedDim = 16, Activation = MfpClip.Kernels.MlpActivation.QuickGelu,
                Vision = new() { ImageSize = 56, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
                Text = new() { VocabSize = 49408, Width = 16, Layers = 1, Heads = 2 },
            }, seed).UseMethod(method).WithImageSize(56),
        }).Build();
    }

    private static DinoConfig Dino { get; } = new() { Width = 32, Layers = 4, Heads = 2, ImageSize = 56 };

    private static RgbImage Photo(int seed)
    {
        var random = new Random(seed);
        var pixels = new byte[60 * 60 * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i / 3 % 60;
            pixels[i] = (byte)(80 + (40 * (x / 12 % 2)) + random.Next(0, 20 + seed));
        }

        return new(60, 60, pixels);
    }

    private sealed class Reports(Action<ReferenceFitProgress> report) : IProgress<ReferenceFitProgress>
    {
        public ReferenceFitProgress Last { get; private set; }

        public void Report(ReferenceFitProgress value)
        {
            Last = value;
            report(value);
        }
    }
}
