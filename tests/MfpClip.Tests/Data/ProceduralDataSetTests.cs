using MfpClip.Data;

namespace MfpClip.Tests.Data;

public class ProceduralDataSetTests
{
    public static TheoryData<string> Categories => [.. ProceduralDataSet.Categories.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Categories))]
    public void A_defect_changes_the_picture_inside_its_mask_and_nowhere_else(string category)
    {
        var good = ProceduralDataSet.Render(category, 7, size: 128);
        Assert.All(good.Mask, m => Assert.False(m));
        foreach (var kind in Enum.GetValues<DefectKind>())
        {
            var bad = ProceduralDataSet.Render(category, 7, kind, 128);
            var changed = Enumerable.Range(0, 128 * 128).Select(i => Enumerable.Range(0, 3).Max(c => Math.Abs(bad.Image.Data[(3 * i) + c] - good.Image.Data[(3 * i) + c]))).ToArray();
            int inside = bad.Mask.Count(m => m);

            Assert.InRange(inside, 1, 128 * 128 / 5);
            Assert.True(changed.Where((_, i) => bad.Mask[i]).Average() > 2, $"{category}, {kind}: nothing to see");
            // Outside, only the soft edge may differ.
            Assert.True(changed.Where((c, i) => !bad.Mask[i] && c > 12).Count() < Math.Max(inside, 60), $"{category}, {kind}: changed outside its mask");
            Assert.Contains(category, bad.Caption, StringComparison.Ordinal);
        }
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
}
