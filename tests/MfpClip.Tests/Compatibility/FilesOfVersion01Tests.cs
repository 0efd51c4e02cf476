using MfpClip.Calibration;
using MfpClip.References;
using MfpClip.Weights;

namespace MfpClip.Tests.Compatibility;

/// <summary>Files that version 0.1 wrote load and mean what they meant then.</summary>
/// <remarks>The files are never written again: a new format gets new ones beside them.</remarks>
public class FilesOfVersion01Tests
{
    private const float Tolerance = 1e-4f;

    public static TheoryData<string> Methods => [.. Version01.Methods];

    [SkippableTheory]
    [MemberData(nameof(Methods))]
    public void A_module_checkpoint_of_version_0_1_still_loads(string method)
    {
        Version01.RequireRandomNumbers();
        using var detector = Version01.Builder(method).WithModuleWeights(Version01.Fixture($"{method}.safetensors")).Build();

        Same(Version01.Expected.Modules[method], detector.Detect(Version01.Picture()));
    }

    [SkippableTheory]
    [MemberData(nameof(Methods))]
    public void A_module_checkpoint_is_written_as_version_0_1_wrote_it(string method)
    {
        Version01.RequireRandomNumbers();
        string stored = Version01.Fixture($"{method}.safetensors");
        using var detector = Version01.Builder(method).WithModuleWeights(stored).Build();
        var folder = Directory.CreateTempSubdirectory("mfpclip-");
        try
        {
            string again = Path.Combine(folder.FullName, "modules.safetensors");
            detector.SaveModules(again);

            using var first = WeightFile.Open(stored);
            using var second = WeightFile.Open(again);
            using var scope = torch.NewDisposeScope();
            Assert.Equal(first.Tensors.Keys.Order(StringComparer.Ordinal), second.Tensors.Keys.Order(StringComparer.Ordinal));
            Assert.All(first.Tensors.Keys, name => TensorAssert.Close(first.Read(name), second.Read(name), 0));
            Assert.All(["format", "method", "backbone_sha256"], key => Assert.Equal(first.Metadata[key], second.Metadata[key]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public void A_reference_file_of_version_0_1_still_loads()
    {
        Version01.RequireRandomNumbers();
        using var detector = Version01.Builder("references").WithReferenceFile(Version01.Fixture("references.safetensors")).Build();

        Assert.Equal(Version01.Expected.ReferenceImages, detector.References!.Images.Select(i => i.Name));
        Assert.Equal(ReferenceJoin.Fixed, detector.References.Options.Join);
        Same(Version01.Expected.References, detector.Detect(Version01.Picture()));
    }

    [SkippableFact]
    public void References_taken_again_give_what_the_file_of_version_0_1_gives()
    {
        Version01.RequireRandomNumbers();
        using var detector = Version01.Builder("references").WithReferences([Version01.Good(1), Version01.Good(2)], Version01.ReferenceOptions).Build();
        using var loaded = Version01.Builder("references").WithReferenceFile(Version01.Fixture("references.safetensors")).Build();

        Same(Version01.Expected.References, detector.Detect(Version01.Picture()));
        Assert.Equal(Pictures(loaded), Pictures(detector));

        static IEnumerable<(string, string, int, int)> Pictures(ZeroShotDetector d) => d.References!.Images.Select(i => (i.Id, i.Name, i.Width, i.Height));
    }

    [SkippableFact]
    public void A_calibration_file_of_version_0_1_still_loads()
    {
        Version01.RequireRandomNumbers();
        var expected = Version01.Expected.Calibrated;
        using var detector = Version01.Builder("mfp-clip").WithModuleWeights(Version01.Fixture("mfp-clip.safetensors")).Build();

        var calibration = CalibrationFile.Load(Version01.Fixture("calibration.json"), detector.Description);
        using var calibrated = detector.WithCalibration(calibration);
        var result = calibrated.Detect(Version01.Picture());

        Same(Version01.Expected.Modules["mfp-clip"], result);
        Assert.Equal((expected.Strategy, expected.GoodImages), (calibration.Strategy, calibration.NormalImages));
        Assert.Equal(expected.IsAnomalous, result.IsAnomalous);
        Assert.Equal(expected.CalibratedScore, result.CalibratedScore!.Value, Tolerance);
        Assert.Equal(expected.Threshold, result.Threshold!.Value, Tolerance);
        Assert.Equal(expected.PixelThreshold, result.PixelThreshold, Tolerance);
    }

    [Fact]
    public void A_calibration_file_of_version_0_1_keeps_its_scale_and_says_what_cannot_be_checked()
    {
        var calibration = CalibrationFile.Load(Version01.Fixture("calibration.json"));

        // Its lowest score, half-way to its threshold, the threshold, its highest score and above: as version 0.1 had it.
        float[] raw = [0.2614586f, (0.2614586f + 0.36576894f) / 2, 0.36576894f, 0.47007927f, 1];
        Assert.All(raw.Zip([0f, 0.25f, 0.5f, 1f, 1f]), p => Assert.Equal(p.Second, calibration.Calibrate(p.First), 1e-6f));
        Assert.Contains("references, image size, precision and modules cannot be checked", Assert.Single(calibration.Notices), StringComparison.Ordinal);
        Assert.Null(calibration.Identity);
    }

    [Fact]
    public void A_calibration_file_of_version_0_1_that_nothing_can_pass_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("mfpclip-");
        try
        {
            string path = Path.Combine(folder.FullName, "c.json"), text = File.ReadAllText(Version01.Fixture("calibration.json"));
            File.WriteAllText(path, text.Replace("0.36576894", "1.0732", StringComparison.Ordinal));
            string message = Assert.Throws<CalibrationException>(() => CalibrationFile.Load(path)).Message;
            Assert.Contains("image threshold 1.0732 lies outside the range", message, StringComparison.Ordinal);
            Assert.Contains(path, message, StringComparison.Ordinal);

            // A scale that ended above 1 ends at 1, which a score can reach; a byte order mark is no fault.
            var marked = new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true);
            File.WriteAllText(path, text.Replace("0.47007927", "1.8", StringComparison.Ordinal), marked);
            Assert.Equal(1, CalibrationFile.Load(path).Calibrate(1));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Same(Version01.Values expected, AnomalyResult result)
    {
        Assert.Equal(expected.Score, result.Score, Tolerance);
        Assert.All(expected.Map.Zip(Version01.Grid(result.ModelMap, 4)), p => Assert.Equal(p.First, p.Second, Tolerance));
    }
}
