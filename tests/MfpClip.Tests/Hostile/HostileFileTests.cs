using MfpClip.ImageSharp;
using MfpClip.Imaging;
using MfpClip.Tensors;
using MfpClip.Tests.Detection;
using MfpClip.Weights;

namespace MfpClip.Tests.Hostile;

/// <summary>Files made to harm (../shared/cases/hostile): each ends in the library's error, soon and in bounded memory.</summary>
public class HostileFileTests
{
    private static string[] Files(string kind) => Directory.GetFiles(Path.Combine(SharedCases.Folder("hostile"), kind));

    [SkippableFact]
    public void Pickles_are_read_within_a_budget()
    {
        foreach (string file in Files("pickle"))
        {
            long before = GC.GetAllocatedBytesForCurrentThread();

            Assert.Throws<WeightsException>(() => WeightFile.Open(file).Dispose());

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1L << 30, file);
        }
    }

    [SkippableFact]
    public void References_of_another_width_are_refused_and_do_not_end_the_process()
    {
        foreach (string file in Files("references").Concat(Files("json").Where(f => Path.GetFileName(f).StartsWith("refs", StringComparison.Ordinal))))
        {
            using var detector = ZeroShotDetectorTests.Builder().Build();

            Assert.ThrowsAny<MfpClipException>(() => detector.WithReferenceFile(file).Detect(ZeroShotDetectorTests.Picture(1)));
        }
    }

    [SkippableFact]
    public void Images_that_ImageSharp_would_make_up_are_refused()
    {
        var decoder = new ImageSharpDecoder();
        foreach (string file in Files("imagesharp"))
        {
            Assert.Throws<ImageDecodeException>(() => decoder.Decode(File.ReadAllBytes(file), Path.GetFileName(file), new()));
        }
    }

    [SkippableFact]
    public void Weights_whose_parts_contradict_one_another_are_a_typed_error()
    {
        foreach (string file in Files("json").Where(f => Path.GetFileName(f).Split('-')[0] is "backbone" or "safetensors"))
        {
            Assert.ThrowsAny<MfpClipException>(() => new ZeroShotDetectorBuilder().UseBackbone(file).WithoutImageToTextPrompt().WithoutSelfPrompt().Build());
        }
    }

    [Fact]
    public void A_hair_thin_image_is_refused_before_it_is_resized()
    {
        using var detector = ZeroShotDetectorTests.Builder().UsePreprocessor(new ResizeAndCenterCrop(56)).Build();
        var thin = new RgbImage(1, 100_000, new byte[300_000]);

        Assert.Contains("MaximumSideRatio", Assert.Throws<ImageDecodeException>(() => detector.Detect(thin)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Products_that_do_not_fit_are_an_error()
    {
        using var scope = torch.NewDisposeScope();
        var (a, b) = (torch.ones(2, 3, 4), torch.ones(2, 5, 6));

        Assert.Contains("[2, 3, 4]", Assert.Throws<InferenceException>(() => MatrixProduct.Of(a, b)).Message, StringComparison.Ordinal);
        Assert.Throws<InferenceException>(() => MatrixProduct.Of(a, torch.ones(3, 4, 6)));
        Assert.Throws<InferenceException>(() => MatrixProduct.Of(a, torch.ones(4, 6, dtype: ScalarType.Float64)));
        Assert.Equal([2L, 3, 6], MatrixProduct.Of(a, torch.ones(4, 6)).shape);
        Assert.Equal([2L, 3], MatrixProduct.Of(a, torch.ones(4)).shape);
        Assert.Equal(4, MatrixProduct.Of(torch.ones(4), torch.ones(4)).item<float>());
    }

    [Fact]
    public void A_jpeg_of_many_scans_is_refused()
    {
        // A frame of 5,000 x 5,000 pixels and 121 scans without data.
        byte[] frame = [0xff, 0xc2, 0, 11, 8, 0x13, 0x88, 0x13, 0x88, 1, 1, 0x11, 0], scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0];
        byte[] file = [0xff, 0xd8, .. frame, .. Enumerable.Repeat(scan, 121).SelectMany(s => s), 0xff, 0xd9];

        var structure = JpegStructure.Read(file)!;

        Assert.Equal((5000, 5000, true, 121, true), (structure.Width, structure.Height, structure.IsProgressive, structure.Scans, structure.IsComplete));
        Assert.Contains("121 scans", Assert.Throws<ImageDecodeException>(() => new SkiaImageDecoder().Decode(file, "x.jpg", new())).Message,
            StringComparison.Ordinal);
    }
}
