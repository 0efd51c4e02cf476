using CsCheck;
using MfpClip.Data;

namespace MfpClip.Tests.Data;

public class ProceduralDataSetTests
{
    public static TheoryData<string> Categories => [.. ProceduralDataSet.Categories.Select(c => c.Name)];

    [Fact]
    public void The_set_is_as_wide_as_promised()
    {
        Assert.True(ProceduralDataSet.Categories.Count >= 25);
        Assert.Equal(ProceduralDataSet.Categories.Count, ProceduralDataSet.Categories.Select(c => c.Name).Distinct().Count());
        Assert.All(ProceduralDataSet.Categories, c => Assert.True(c.Defects.Distinct().Count() >= 12, $"{c.Name}: {c.Defects.Count} kinds"));
        Assert.All(ProceduralDataSet.Categories, c => Assert.Equal(c.Defects.Count, c.Defects.Distinct().Count()));
        var heldOut = ProceduralDataSet.Categories.Where(c => c.IsHeldOut).Select(c => c.Name).ToList();
        Assert.True(heldOut.Count >= 6);
        Assert.Superset(new HashSet<string> { "wood", "tile", "metal nut", "pill" }, heldOut.ToHashSet());
        // The samples must stay what training never saw.
        Assert.All(new ProceduralSampleOptions().Categories, name => Assert.DoesNotContain(name, heldOut));
    }

    [Theory]
    [MemberData(nameof(Categories))]
    public void Without_a_camera_a_defect_changes_its_mask_and_not_one_bit_beside_it(string category)
    {
        const int Size = 72;
        var goods = new Dictionary<int, SyntheticImage>();
        foreach (var kind in ProceduralDataSet.Categories.Single(c => c.Name == category).Defects)
        {
            // A scene may hide a kind (a wrinkle on black rubber, say); the next seeds must not all.
            bool seen = false;
            for (int seed = 7; seed < 15 && !seen; seed++)
            {
                if (!goods.TryGetValue(seed, out var good))
                {
                    goods[seed] = good = ProceduralDataSet.RenderDefects(category, seed, [], Size, camera: false);
                }

                var bad = ProceduralDataSet.RenderDefects(category, seed, [kind], Size, camera: false);
                Assert.DoesNotContain(true, good.Mask);
                Assert.False(good.IsDefective);
                seen = bad.IsDefective;
                if (seen)
                {
                    Compare(good, bad, kind);
                }
                else
                {
                    Assert.Equal(good.Image.Data, bad.Image.Data);
                    Assert.DoesNotContain(true, bad.Mask);
                }
            }

            Assert.True(seen, $"{category}: {kind} was visible on none of eight seeds");
        }
    }

    private static void Compare(SyntheticImage good, SyntheticImage bad, DefectKind kind)
    {
        string what = $"{bad.Category.Name}, {kind}";
        int count = bad.Mask.Length;
        int[] change = Change(good.Image, bad.Image);
        Assert.True(change.Where((c, i) => !bad.Mask[i]).All(c => c == 0), $"{what}: changed outside its mask");
        double inside = Enumerable.Range(0, count).Where(i => bad.Mask[i]).Average(i => change[i]);
        Assert.True(inside >= 6, $"{what}: {inside:F1} grey levels are not visible");
        var placed = Assert.Single(bad.Defects);
        float share = bad.Mask.Count(m => m) / (float)count;
        Assert.Equal(kind, placed.Kind);
        Assert.InRange(placed.Area, 0.0004f, 0.28f);
        Assert.InRange(share, placed.Area * 0.99f, placed.Area * 1.01f);
    }

    [Fact]
    public void Captions_name_object_state_and_every_defect()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            var picture = ProceduralDataSet.Sample(seed, new() { Size = 48, Camera = false });
            Assert.Contains(picture.Category.Name, picture.Caption, StringComparison.Ordinal);
            Assert.Contains(picture.State, picture.Caption, StringComparison.Ordinal);
            Assert.NotEmpty(picture.State);
            foreach (var defect in picture.Defects.Where(
                d => d.Kind is DefectKind.Scratch or DefectKind.Crack or DefectKind.Hole or DefectKind.Dent or DefectKind.Stain))
            {
                Assert.Contains(defect.Kind.ToString().ToLowerInvariant(), picture.Caption, StringComparison.Ordinal);
            }
        }

        Assert.True(Enumerable.Range(0, 40).Select(s => ProceduralDataSet.Render("gear", s, size: 32).Caption).Distinct().Count() > 8);
    }

    [Fact]
    public void A_seed_gives_the_same_picture_again_and_another_seed_another()
    {
        var a = ProceduralDataSet.Render("metal nut", 1, DefectKind.Scratch);
        var b = ProceduralDataSet.Render("metal nut", 1, DefectKind.Scratch);
        var c = ProceduralDataSet.Render("metal nut", 2, DefectKind.Scratch);

        Assert.Equal(a.Image.Data, b.Image.Data);
        Assert.Equal(a.Mask, b.Mask);
        Assert.NotEqual(a.Image.Data, c.Image.Data);
        Assert.Throws<ArgumentException>(() => ProceduralDataSet.Render("unicorn", 1));
    }

    // Recorded once; the same with and without AVX2 and with vectors switched off altogether (DOTNET_EnableHWIntrinsic=0).
    [Theory]
    [InlineData("wood", 1, null, true, "bd595ca4973e169e", 0)]
    [InlineData("metal nut", 2, DefectKind.Scratch, true, "96ef750afa45d4cd", 24)]
    [InlineData("circuit board", 3, DefectKind.BrokenLine, false, "5fed56801ebf0109", 23)]
    [InlineData("biscuit", 4, DefectKind.Crack, true, "d3f727ad0f09e52a", 49)]
    [InlineData("fabric", 5, DefectKind.Stain, false, "68ef48494245a6f4", 31)]
    public void Every_machine_renders_these_bytes(string category, long seed, DefectKind? defect, bool camera, string hash, int masked)
    {
        var picture = ProceduralDataSet.RenderDefects(category, seed, defect is { } kind ? [kind] : [], 64, camera);

        Assert.Equal(hash, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(picture.Image.Data))[..16]);
        Assert.Equal(masked, picture.Mask.Count(m => m));
    }

    [Fact]
    public void Many_threads_render_what_one_does()
    {
        var options = new ProceduralSampleOptions { Size = 64 };
        var alone = Enumerable.Range(0, 48).Select(s => ProceduralDataSet.Sample(s, options)).ToArray();
        var together = new SyntheticImage[48];
        Parallel.For(0, 48, new() { MaxDegreeOfParallelism = 8 }, s => together[s] = ProceduralDataSet.Sample(s, options));

        for (int s = 0; s < 48; s++)
        {
            Assert.Equal(alone[s].Image.Data, together[s].Image.Data);
            Assert.Equal(alone[s].Mask, together[s].Mask);
            Assert.Equal(alone[s].Caption, together[s].Caption);
        }
    }

    // Properties of any image of the set, at seeds that CsCheck draws.
    [Fact]
    public void Any_sample_is_consistent_with_itself() => Gen.Select(Gen.Long, Gen.Int[32, 90], Gen.Bool).Sample((seed, size, camera) =>
    {
        var picture = ProceduralDataSet.Sample(seed, new() { Size = size, Camera = camera });
        Assert.Equal((size, size), (picture.Image.Width, picture.Image.Height));
        Assert.Equal(size * size, picture.Mask.Length);
        Assert.Equal(picture.IsDefective, picture.Mask.Contains(true));
        Assert.Equal(picture.IsDefective, picture.Defects.Count > 0);
        Assert.Equal(picture.Defect, picture.Defects.Count > 0 ? picture.Defects[0].Kind : null);
        Assert.All(picture.Defects, d =>
        {
            Assert.Contains(d.Kind, picture.Category.Defects);
            Assert.True(d.X >= 0 && d.Y >= 0 && d.Width > 0 && d.Height > 0 && d.X + d.Width <= size && d.Y + d.Height <= size);
            Assert.Contains(true, Enumerable.Range(d.Y, d.Height).SelectMany(y => Enumerable.Range(d.X, d.Width).Select(x => picture.Mask[(y * size) + x])));
        });
    }, iter: 120, threads: 2);

    [Fact]
    public void Samples_follow_their_options()
    {
        var pictures = Enumerable.Range(0, 160).Select(s => ProceduralDataSet.Sample(s, new() { Size = 32, Camera = false })).ToList();
        Assert.InRange(pictures.Count(p => p.IsDefective), 80, 128);
        Assert.All(pictures, p => Assert.InRange(p.Defects.Count, 0, 3));
        Assert.Contains(pictures, p => p.Defects.Count > 1);
        Assert.True(pictures.Select(p => p.Category.Name).Distinct().Count() > 25);

        var only = new ProceduralSampleOptions { Categories = ["pill"], Defects = [DefectKind.Crack], DefectiveFraction = 1, MaxDefects = 1, Size = 64 };
        Assert.All(Enumerable.Range(0, 8).Select(s => ProceduralDataSet.Sample(s, only)), p =>
        {
            Assert.Equal("pill", p.Category.Name);
            Assert.True(p.Defect is null or DefectKind.Crack);
            Assert.Equal(64, p.Image.Width);
        });
        Assert.All(Enumerable.Range(0, 8), s => Assert.False(ProceduralDataSet.Sample(s, only with { DefectiveFraction = 0 }).IsDefective));
        Assert.Throws<ArgumentException>(() => ProceduralDataSet.Sample(1, only with { Categories = [] }));
        Assert.Throws<ArgumentException>(() => ProceduralDataSet.Sample(1, only with { Categories = ["unicorn"] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProceduralDataSet.Sample(1, only with { DefectiveFraction = 1.5f }));
    }

    [Fact]
    public void A_picture_may_show_one_kind_of_defect_in_many_places()
    {
        var options = new ProceduralSampleOptions { Size = 96, DefectiveFraction = 1, RepeatedFraction = 1, MaxDefects = 1 };
        var pictures = Enumerable.Range(0, 12).Select(s => ProceduralDataSet.Sample(s, options)).Where(p => p.IsDefective).ToList();
        Assert.NotEmpty(pictures);
        Assert.All(pictures, p => Assert.Single(p.Defects.Select(d => d.Kind).Distinct()));
        Assert.All(pictures, p => Assert.InRange(p.Defects.Count, 1, 8));
        Assert.Contains(pictures, p => p.Defects.Count >= 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProceduralDataSet.Sample(1, options with { RepeatedFraction = 1.5f }));
    }

    [Fact]
    public void Large_defects_may_be_asked_for()
    {
        var usual = new ProceduralSampleOptions { Size = 96, DefectiveFraction = 1, MaxDefects = 1 };
        var large = usual with { LargeFraction = 1 };
        double Area(ProceduralSampleOptions options) => Enumerable.Range(0, 60)
            .Average(s => ProceduralDataSet.Sample(s, options).Mask.Average(m => m ? 1.0 : 0));
        Assert.InRange(Area(large), 1.5 * Area(usual), 0.28);
        Assert.Equal(ProceduralDataSet.Sample(3, usual).Image.Data, ProceduralDataSet.Sample(3, usual with { LargeFraction = 0 }).Image.Data);
        Assert.Throws<ArgumentOutOfRangeException>(() => ProceduralDataSet.Sample(1, usual with { LargeFraction = -0.1f }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ProceduralDataSet.Sample(1, usual with { LargeFraction = 1.5f }));
    }

    // Largest change of a channel, a number a pixel.
    private static int[] Change(RgbImage a, RgbImage b)
    {
        var change = new int[a.Width * a.Height];
        for (int k = 0; k < a.Data.Length; k++)
        {
            change[k / 3] = Math.Max(change[k / 3], Math.Abs(a.Data[k] - b.Data[k]));
        }

        return change;
    }
}
