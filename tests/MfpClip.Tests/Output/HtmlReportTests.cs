using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using MfpClip.Diagnostics;
using MfpClip.Imaging;
using MfpClip.Output;

namespace MfpClip.Tests.Output;

/// <summary>The page of a detection run, parsed as a browser's document is: what it counts, lists, escapes and how large it may be.</summary>
public sealed class HtmlReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    private string Page => Path.Combine(_folder, "report.html");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_counts_decisions_and_failures_and_lists_the_highest_scores_first()
    {
        var page = Write(report =>
        {
            report.Add(Result("run/a.png", 0.2f, false), Photo());
            report.Add(Result("run/b.png", 0.9f, true), Photo());
            report.Add(Result("run/c.png", 0.6f, true), Photo());
            report.Add(Result("run/d.png", 0.4f, null), Photo());
            report.AddFailure("run/e.png", "Image 'run/e.png': it is truncated.");
        });

        Assert.Equal([("images", "5"), ("anomalous", "2"), ("normal", "1"), ("undecided", "1"), ("failed", "1")],
            Class(page, "tile").Select(t => (t.Element("dt")!.Value, t.Element("dd")!.Value)));
        Assert.Equal(["b.png", "c.png", "d.png", "a.png"], Class(page, "item").Select(i => i.Descendants("h2").Single().Value));
        Assert.Equal(["anomalous", "anomalous", "undecided", "normal"], Class(page, "badge").Select(b => b.Value));
        Assert.Contains("e.png", Assert.Single(Class(page, "failures")).Value, StringComparison.Ordinal);
        Assert.Contains("it is truncated", Class(page, "failures").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Threshold_date_method_and_the_values_of_the_colours_are_said()
    {
        var page = Write(report => report.Add(Result("a.png", 0.9f, true) with { Threshold = 0.625f, PixelThreshold = 0.75f }, Photo(),
            new() { ColorMap = ColorMap.Viridis, Minimum = 0.2f, Maximum = 0.6f }));

        var facts = Class(page, "pairs").Single().Elements("tr").ToDictionary(r => r.Element("th")!.Value, r => r.Element("td")!.Value);
        Assert.StartsWith("0.625:", facts["image threshold"], StringComparison.Ordinal);
        Assert.StartsWith("0.75:", facts["pixel threshold"], StringComparison.Ordinal);
        Assert.Equal("a method", facts["method"]);
        var written = DateTimeOffset.Parse(facts["written"], CultureInfo.InvariantCulture);
        Assert.InRange(DateTimeOffset.Now - written, TimeSpan.FromMinutes(-1), TimeSpan.FromHours(1));
        var legend = Class(page, "legend").Single();
        Assert.Equal(["0.2", "0.3", "0.4", "0.5", "0.6"], Class(legend, "ends").Single().Elements("span").Select(e => e.Value));
        string colours = Class(legend, "bar").Single().Attribute("style")!.Value;
        Assert.Contains("(90deg,#440154,", colours, StringComparison.Ordinal); // matplotlib's first and last colour
        Assert.Contains(",#fde725)", colours, StringComparison.Ordinal);
        Assert.Contains("threshold 0.625", page.Descendants().Single(e => e.Name.LocalName == "svg").Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Regions_are_a_table_with_box_area_and_peak_and_many_are_cut()
    {
        DefectRegion[] regions = [.. Enumerable.Range(0, 30).Select(i => new DefectRegion(i, 1, 3, 2, 5, 0.9f - (i * 0.01f), i, 1))];

        var page = Write(report => report.Add(Result("a.png", 0.9f, true) with { Regions = regions, ImageWidth = 40, ImageHeight = 25 }, Photo(40, 25)));

        var rows = Class(page, "regions").SelectMany(t => t.Element("tbody")!.Elements("tr")).ToList();
        Assert.Equal(["1", "0, 1", "3 × 2", "5", "0.5 %", "0.9"], rows[0].Elements("td").Select(d => d.Value));
        Assert.Equal(20, rows.Count);
        Assert.Contains("10 with lower peaks are not listed", page.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_that_zooms_is_linked_from_the_item_and_from_each_region_and_notices_are_counted()
    {
        DefectRegion[] regions = [.. Enumerable.Range(0, 5).Select(i => new DefectRegion(i, 1, 3, 2, 5, 0.9f - (i * 0.01f), i, 1))];

        var page = Write(report =>
        {
            report.Add(Result("a #1.png", 0.9f, true) with { Regions = regions, Notices = ["It is <large>.", "It is reduced."] }, Photo(), null,
                new() { Zoom = Path.Combine(_folder, "zoom", "a #1", "index.html") });
            report.Add(Result("b.png", 0.2f, false) with { Regions = regions, Notices = ["It is <large>."] }, Photo());
        });

        var items = Class(page, "item").ToList();
        Assert.Equal("zoom/a%20%231/index.html", Class(items[0], "zoom").Single().Attribute("href")!.Value);
        Assert.Equal(Enumerable.Range(1, 5).Select(i => $"zoom/a%20%231/index.html#region-{i}"),
            Class(items[0], "regions").Descendants("a").Select(a => a.Attribute("href")!.Value));
        Assert.Empty(items[1].Descendants("a"));
        Assert.Equal(["2 images: It is <large>.", "1 image: It is reduced."], Class(page, "notice").Select(n => n.Value));
    }

    [Fact]
    public void Names_of_every_kind_are_text_and_links_lead_nowhere_else()
    {
        string[] names = ["<script>alert(1)</script>.png", "\" onload=\"alert(1).png", "javascript:alert(1).png", "零件 & 'x'#1?.png", "a\u0001b.png"];

        var page = Write(report =>
        {
            foreach (string name in names)
            {
                report.Add(Result(name, 0.5f, null), Photo(), null, new() { Photo = Path.Combine(_folder, "in", name), Overlay = Path.Combine(_folder, name) });
            }

            report.AddFailure("<b>.png", "</td><script>alert(2)</script>");
        });

        Assert.Equal(names.Select(n => n.Replace('\u0001', '\uFFFD').Split('/')[^1]).Order(StringComparer.Ordinal),
            Class(page, "item").Select(i => i.Descendants("h2").Single().Value.Split('/')[^1]).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(page.Descendants(), e => e.Attributes().Any(a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal)));
        string[] links = [.. page.Descendants("a").Select(a => a.Attribute("href")!.Value)];
        Assert.Equal(names.Length * 2, links.Length);
        Assert.All(links, l => Assert.Matches("^(in/)?[A-Za-z0-9%._~()'!*/-]+$", l));
        Assert.Contains("in/javascript%3Aalert%281%29.png", links);
    }

    [Fact]
    public void Equal_names_show_the_folders_that_tell_them_apart()
    {
        string[] paths = ["p/line1/cam/a.png", "p/line2/cam/a.png", "p/line1/b.png", "x\\a.png", "same.png", "same.png"];

        Assert.Equal(["line1/cam/a.png", "line2/cam/a.png", "b.png", "x/a.png", "same.png", "same.png (2)"], DistinctNames.Of(paths));
        Assert.Equal(["a.png", "d/a.png"], DistinctNames.Of(["a.png", "d/a.png"]));
        Assert.Equal(["", "/"], DistinctNames.Of(["", "/"]));
    }

    [Fact]
    public void Nothing_comes_from_outside_and_the_decision_filter_needs_no_script()
    {
        string html = Html(report =>
        {
            report.Add(Result("a.png", 0.2f, false), Photo());
            report.Add(Result("b.png", 0.9f, true), Photo());
        });
        var page = Parse(html);

        Assert.DoesNotContain("http", Regex.Replace(html, "xmlns=\"http://www.w3.org/2000/svg\"", string.Empty), StringComparison.Ordinal);
        Assert.Empty(page.Descendants("link"));
        Assert.All(page.Descendants("img"), i => Assert.StartsWith("data:image/webp;base64,", i.Attribute("src")!.Value, StringComparison.Ordinal));
        Assert.All(page.Descendants("img"), i => Assert.Equal("lazy", i.Attribute("loading")!.Value));
        Assert.Equal(["show-all", "show-bad", "show-good"], page.Descendants("input").Where(i => i.Attribute("type")!.Value == "radio").Select(
            i => i.Attribute("id")!.Value));
        Assert.Contains(":has(#show-bad:checked) .item:not(.bad)", html, StringComparison.Ordinal);
        Assert.NotNull(page.Descendants("div").Single(d => d.Attribute("id")?.Value == "tools").Attribute("hidden")); // the script shows what needs it
    }

    [Theory]
    [InlineData(200)]
    [InlineData(2000)]
    public void Ten_photos_of_noise_take_no_more_than_their_bound_whatever_their_size(int side)
    {
        var random = new Random(1);
        var pixels = new byte[side * side * 3];
        random.NextBytes(pixels);
        var photo = new RgbImage(side, side, pixels);
        float[] values = [.. Enumerable.Range(0, side * side).Select(_ => random.NextSingle())];
        var result = Result("a.png", 0.5f, true) with { ImageMap = new(side, side, values), ImageWidth = side, ImageHeight = side };

        string html = Html(report =>
        {
            for (int i = 0; i < 10; i++)
            {
                report.Add(result with { ImageName = $"{i}.png" }, photo);
            }
        });

        byte[][] pictures = [.. Regex.Matches(html, "base64,([^\"]+)\"").Select(m => Convert.FromBase64String(m.Groups[1].Value))];
        Assert.Equal(20, pictures.Length);
        Assert.All(pictures, p => Assert.InRange(p.Length, 100, 4096));
        Assert.All(pictures, p => Assert.InRange(new SkiaImageDecoder().Decode(p, "x", new()).Width, 16, 200));
        Assert.InRange(html.Length, 10_000, 10 * (2 * 5500 + 2500) + 25_000); // 400 such: 5.4 MB
    }

    [Fact]
    public void A_histogram_counts_every_score_once()
    {
        int[] counts = ScoreHistogram.Count([0, 0.01, 0.5, 0.999, 1], 0, 1);

        Assert.Equal(5, counts.Sum());
        Assert.Equal((2, 1, 2), (counts[0], counts[15], counts[29]));
        Assert.Equal((0.1, 0.5, 0.1), Rounded(ScoreHistogram.Axis(0.12, 0.49)));
        var (low, high, _) = ScoreHistogram.Axis(0.5, 0.5); // one score alone has an axis, too
        Assert.True(low <= 0.5 && high >= 0.5 && high > low);
        var svg = XDocument.Parse(ScoreHistogram.Svg("<t>", [[new("good & well", "red", [0.1, 0.2]), new("bad", "blue", [0.2])], []], 0.15)).Root!;
        Assert.Equal(3, svg.Descendants().Where(e => e.Name.LocalName == "title").Sum(t => int.Parse(t.Value.Split(": ")[1], CultureInfo.InvariantCulture)));
        Assert.Contains("good & well (2)", svg.Value, StringComparison.Ordinal);

        static (double, double, double) Rounded((double Low, double High, double Step) a) =>
            (Math.Round(a.Low, 6), Math.Round(a.High, 6), Math.Round(a.Step, 6));
    }

    [Fact]
    public void Images_may_be_added_by_several_threads_and_none_is_mixed_with_another()
    {
        var page = Write(report => Parallel.For(0, 40, i => report.Add(Result($"{i}.png", i / 40f, null) with { ImageWidth = 100 + i }, Photo())));

        Assert.Equal(40, Class(page, "item").Count());
        Assert.All(Class(page, "item"), item => Assert.Contains(
            $"{100 + int.Parse(item.Descendants("h2").Single().Value[..^4], CultureInfo.InvariantCulture)} × ", item.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void A_report_of_failures_alone_is_a_page_and_one_that_was_not_completed_leaves_nothing()
    {
        var page = Write(report => report.AddFailure("a.png", "broken"));
        Assert.Equal(["1", "0", "0", "0", "1"], Class(page, "tile").Select(t => t.Element("dd")!.Value));
        File.Delete(Page);

        using (var report = new HtmlReport(Page, Description))
        {
            report.Add(Result("a.png", 0.5f, null), Photo());
        }

        Assert.Empty(Directory.GetFiles(_folder));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HtmlReport(Page, Description) { ThumbnailSide = 5000 });
    }

    private static DetectorDescription Description { get; } = new()
    {
        Method = "a method", Stages = [new() { Stage = "backbone", Component = "<c>", Weights = [new("w.safetensors", "ab", 1)] }], Device = "cpu",
        Precision = "Float32", ImageSize = 8, LibraryVersion = "1", WeightsHash = new string('0', 64), Recipe = "{\"a\": \"<b>\"}",
    };

    private static RgbImage Photo(int width = 20, int height = 10) => new(width, height, new byte[width * height * 3]);

    private static AnomalyResult Result(string name, float score, bool? anomalous) => new()
    {
        ImageName = name, ClassName = "object", Score = score, IsAnomalous = anomalous, ModelMap = new(2, 2, [0, 0, 0, 1]), ImageWidth = 20, ImageHeight = 10,
        PixelThreshold = 0.5f, Timings = new(),
    };

    private static IEnumerable<XElement> Class(XContainer page, string name) =>
        page.Descendants().Where(e => e.Attribute("class")?.Value.Split(' ').Contains(name) == true);

    // Pages are well-formed XML without their style and script.
    private static XElement Parse(string html) => XDocument.Parse(Regex.Replace(
        html.Replace("<!DOCTYPE html>", string.Empty, StringComparison.Ordinal), "<(style|script)>.*?</\\1>", string.Empty, RegexOptions.Singleline)).Root!;

    private XElement Write(Action<HtmlReport> fill) => Parse(Html(fill));

    private string Html(Action<HtmlReport> fill)
    {
        using (var report = new HtmlReport(Page, Description))
        {
            fill(report);
            report.Complete();
        }

        Assert.Equal([Page], Directory.GetFiles(_folder));
        return File.ReadAllText(Page);
    }
}
