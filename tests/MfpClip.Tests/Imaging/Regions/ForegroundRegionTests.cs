using MfpClip.Data;
using MfpClip.Imaging;
using MfpClip.Imaging.Regions;

namespace MfpClip.Tests.Imaging.Regions;

/// <summary>The foreground of drawn and rendered products.</summary>
public sealed class ForegroundRegionTests
{
    [Theory]
    [InlineData(200, 160, 0)]
    [InlineData(200, 160, 7)]
    [InlineData(3000, 2400, 0)]
    [InlineData(3000, 2400, 50)]
    public void A_product_before_an_even_noisy_background_is_inside_with_its_margin(int width, int height, int margin)
    {
        var (left, top, w, h) = (width / 4, height / 4, width / 2, height / 3);
        var image = Draw(width, height, (x, y) => x >= left && x < left + w && y >= top && y < top + h ? 150 : 90, noise: 6);

        var (region, notices) = Find(image, margin);

        Assert.Empty(notices);
        Assert.Equal((width, height), (region!.Width, region.Height));
        int block = ForegroundRegion.Block(width, height), slack = 2 * block;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int beyond = Math.Max(Math.Max(left - x, x - (left + w - 1)), Math.Max(top - y, y - (top + h - 1)));
                if (beyond <= margin - 1 && !region.Inside[(y * width) + x])
                {
                    Assert.Fail($"({x}, {y}) is outside.");
                }

                if (beyond > margin + slack && region.Inside[(y * width) + x])
                {
                    Assert.Fail($"({x}, {y}) is inside.");
                }
            }
        }
    }

    [Fact]
    public void Two_colours_a_gradient_specks_a_hole_and_a_product_that_touches_the_border_are_told_apart()
    {
        // A tray on a bench whose light falls off; the product, dark and bright, begins at the left edge and has a hole.
        var image = Draw(300, 200, (x, y) => (x, y) switch
        {
            ( >= 60 and < 90, >= 90 and < 110) => y < 200 ? 70 : 0,
            ( < 150, >= 70 and < 130) => x < 80 ? 180 : 20,
            (280, 20) => 255,
            _ => 60 + (x / 15),
        }, noise: 2);

        var region = Find(image, 0).Region!;

        bool At(int x, int y) => region.Inside[(y * 300) + x];
        Assert.True(At(2, 100) && At(30, 72) && At(140, 128) && At(75, 100)); // the hole, too
        Assert.False(At(200, 100) || At(280, 20) || At(20, 20) || At(290, 190));
        Assert.InRange(region.Inside.Count(i => i), 8500, 9800); // 150 x 60 = 9000
    }

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    [InlineData(120)]
    public void Where_nothing_or_everything_differs_the_whole_image_counts_and_the_result_says_so(int noise)
    {
        var (region, notices) = Find(Draw(256, 200, (_, _) => 128, noise), 0);

        Assert.Null(region);
        Assert.Contains("the whole image counts", Assert.Single(notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Defects_of_rendered_products_lie_in_the_foreground()
    {
        var found = new System.Collections.Concurrent.ConcurrentBag<(string Name, double Fraction, bool HasRegion)>();
        var work = ProceduralDataSet.Categories.Where(c => !c.IsTexture).SelectMany(c => Enumerable.Range(0, 2).Select(s => (Category: c, Seed: s)));
        Parallel.ForEach(work, w =>
        {
            var rendered = ProceduralDataSet.Render(w.Category.Name, w.Seed, w.Category.Defects[w.Seed % w.Category.Defects.Count]);
            var region = Find(rendered.Image, 4).Region;
            int all = rendered.Mask.Count(v => v), inside = region is null ? all : rendered.Mask.Where((v, i) => v && region.Inside[i]).Count();
            found.Add(($"{w.Category.Name} {w.Seed}", inside / (double)all, region is not null));
        });

        // What has broken off shows the background.
        string misses = string.Join(", ", found.Where(f => f.Fraction < 0.9).Select(f => f.Name));
        Assert.True(found.Count(f => f.Fraction >= 0.9) >= 0.9 * found.Count, $"of {found.Count}: {misses}");
        Assert.True(found.Count(f => f.HasRegion) >= 0.3 * found.Count, $"{found.Count(f => f.HasRegion)} of {found.Count} have a region");
    }

    [Fact]
    public void Textures_have_no_foreground()
    {
        var textures = ProceduralDataSet.Categories.Where(c => c.IsTexture).ToList();

        var with = textures.AsParallel().Where(t => Find(ProceduralDataSet.Render(t.Name, 1).Image, 0).Region is not null).Select(t => t.Name).ToList();

        Assert.True(with.Count <= 2, string.Join(", ", with)); // a solar cell shows its frame
    }

    [Fact]
    public void Growing_and_holes_are_exact()
    {
        var mask = new bool[9 * 7];
        mask[(3 * 9) + 4] = true;

        bool[] grown = MaskMorphology.Grow(mask, 9, 2);

        Assert.All(Enumerable.Range(0, 63), i => Assert.Equal(Math.Abs((i % 9) - 4) <= 2 && Math.Abs((i / 9) - 3) <= 2, grown[i]));
        grown[(3 * 9) + 4] = false;
        MaskMorphology.FillHoles(grown, 9);
        Assert.Equal(25, grown.Count(g => g));
        grown[0] = true;
        MaskMorphology.DropSmallParts(grown, 9, 0.1);
        Assert.False(grown[0]);
        Assert.Equal(63, MaskMorphology.Grow(mask, 9, 100).Count(g => g));
    }

    private static (RegionOfInterest? Region, IReadOnlyList<string> Notices) Find(RgbImage image, int margin) =>
        PolygonRegionTests.Source(RegionOfInterestOptions.OfForeground(margin)).For("a", image.Width, image.Height, () => ForegroundRegion.Overview(image));

    private static RgbImage Draw(int width, int height, Func<int, int, int> grey, int noise)
    {
        var random = new Random(5);
        var pixels = new byte[width * height * 3];
        for (int i = 0; i < width * height; i++)
        {
            pixels.AsSpan(3 * i, 3).Fill((byte)Math.Clamp(grey(i % width, i / width) + random.Next(-noise, noise + 1), 0, 255));
        }

        return new(width, height, pixels);
    }
}
