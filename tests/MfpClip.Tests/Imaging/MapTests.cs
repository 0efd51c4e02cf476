using MfpClip.Imaging;

namespace MfpClip.Tests.Imaging;

public class MapTests
{
    [Fact]
    public void Maps_are_resized_as_torch_does()
    {
        using var scope = torch.NewDisposeScope();
        var values = torch.rand(7, 5, generator: new torch.Generator(1));
        var expected = F.interpolate(values.view(1, 1, 7, 5), [23, 31], mode: torch.InterpolationMode.Bilinear, align_corners: false).view(23, 31);

        var actual = MapResize.ToImage(new(5, 7, values.data<float>().ToArray()), 31, 23);

        TensorAssert.Close(expected, torch.tensor(actual.Data, [23, 31]), 1e-6);
    }

    [Fact]
    public void Outside_a_crop_the_map_is_zero_and_inside_it_lies_where_it_was_seen()
    {
        var prepared = new ResizeAndCenterCrop(10).Prepare(new RgbImage(40, 20, new byte[2400]));
        var map = MapResize.ToImage(new(2, 2, [1, 1, 1, 1]), 40, 20, prepared.Covered);

        Assert.Equal((10, 10), (prepared.Pixels.Width, prepared.Pixels.Height));
        Assert.Equal(Enumerable.Range(0, 40).Select(x => x is >= 10 and < 30 ? 1f : 0f), map.Data.Take(40));
    }

    [Fact]
    public void Smoothing_is_scipys_gaussian_filter()
    {
        // scipy.ndimage.gaussian_filter of a unit impulse at 0 of five samples, sigma 1, mode "reflect": closed form by folding the kernel.
        double[] k = [.. Enumerable.Range(-4, 9).Select(i => Math.Exp(-0.5 * i * i))];
        double sum = k.Sum();
        double At(int i) => Math.Abs(i) <= 4 ? k[i + 4] / sum : 0;
        var expected = Enumerable.Range(0, 5).Select(i => (float)(At(i) + At(i + 1))).ToArray();

        var smoothed = GaussianSmoothing.Smooth(new(5, 1, [1, 0, 0, 0, 0]), 1);

        Assert.All(expected.Zip(smoothed.Data), p => Assert.Equal(p.First, p.Second, 1e-6f));
    }

    [Fact]
    public void A_constant_stays_what_it_is()
    {
        var image = new RgbImage(37, 21, [.. Enumerable.Repeat((byte)77, 37 * 21 * 3)]);

        Assert.All(new SquareResize(56).Prepare(image).Pixels.Data, v => Assert.Equal(77, v));
        Assert.All(GaussianSmoothing.Smooth(new(9, 9, [.. Enumerable.Repeat(0.25f, 81)])).Data, v => Assert.Equal(0.25f, v, 1e-6f));
    }
}
