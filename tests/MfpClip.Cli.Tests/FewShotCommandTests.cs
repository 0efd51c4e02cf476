using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>Methods that judge by normal images, or by a tested batch, as a user runs them; random weights or the default model.</summary>
public sealed class FewShotCommandTests : CategoryCommands
{
    [Fact]
    public void Fit_makes_a_file_and_a_calibration_goes_on_with_new_photos_and_names_what_it_left_out()
    {
        Category("nut");
        string good = Path.Combine(Folder, "nut", "train", "good");
        string file = Path.Combine(Folder, "r.safetensors"), calibration = Path.Combine(Folder, "c.json");
        string[] model = ["--method", "anomaly-dino", "--weights", "random:dinov2-tiny", "--image-size", "56"];

        var (code, text, errors) = Run(["fit", good, "--out", file, "--calibration-out", calibration, "--json", .. model]);
        File.WriteAllText(Path.Combine(good, "broken.png"), "no image");
        var (more, again, named) = Run(["fit", good, Path.Combine(Folder, "nut", "test", "good"), "--out", file, "--json", .. model]);
        var (detected, _, problems) = Run(
            ["detect", Path.Combine(Folder, "nut", "test", "blot"), "--references", file, "--out", Path.Combine(Folder, "out"), .. model]);
        var (refused, _, reason) = Run(["fit", good, "--out", Path.Combine(Folder, "r.json"), .. model]);

        Assert.True(code == 0 && File.Exists(calibration), errors);
        Assert.True(more == 3, named);
        Assert.True(detected == 0, problems);
        using var first = JsonDocument.Parse(text);
        using var second = JsonDocument.Parse(again);
        Assert.Equal((4, 4), (first.RootElement.GetProperty("images").GetInt32(), first.RootElement.GetProperty("computed").GetInt32()));
        Assert.Equal((7, 3), (second.RootElement.GetProperty("images").GetInt32(), second.RootElement.GetProperty("computed").GetInt32()));
        Assert.Contains("broken.png", named, StringComparison.Ordinal);
        Assert.Equal(2, refused);
        Assert.Contains(".safetensors", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anomaly-dino", "--weights", "random:dinov2-tiny", "--image-size", "56")]
    [InlineData("patchcore", "--cnn", "random:resnet18", "--image-size", "64")]
    public void Several_numbers_of_normal_images_make_one_table_and_methods_that_need_some_refuse_none(string method, params string[] network)
    {
        Category("nut");
        string output = Path.Combine(Folder, "out");
        string[] all = ["evaluate", "--data", Path.Combine(Folder, "nut"), "--method", method, .. network, "--out", output, "--json"];

        var (code, text, errors) = Run([.. all, "--shots", "1", "2,all", "--shot-seeds", "0,1"]);
        var (refused, _, reason) = Run([.. all, "--shots", "0,1"]);
        var (none, _, why) = Run(all);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        var shots = json.RootElement.GetProperty("shots").EnumerateArray().ToList();
        Assert.Equal(["1", "2", "all"], shots.Select(s => s.GetProperty("shots").GetString()));
        Assert.Equal([2, 2, 1], shots.Select(s => s.GetProperty("mean").GetProperty("image_auroc").GetProperty("runs").GetInt32()));
        Assert.Equal(4, shots[2].GetProperty("references")[0].GetProperty("nut").GetArrayLength());
        Assert.True(File.Exists(Path.Combine(output, "shots.svg")));
        Assert.True(refused == 2 && none == 2);
        Assert.Contains("leave 0 out of --shots", reason, StringComparison.Ordinal);
        Assert.Contains("say how many with --shots", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anomaly-dino", "--weights", "random:dinov2-tiny", "--image-size", "56")]
    [InlineData("subspace-ad", "--weights", "random:dinov2-tiny", "--image-size", "56")]
    [InlineData("patchcore", "--cnn", "random:resnet18", "--image-size", "64")]
    public void References_are_added_and_one_that_cannot_be_read_is_named_and_left_out(string method, params string[] network)
    {
        Category("nut");
        string file = Path.Combine(Folder, "r.safetensors"), good = Path.Combine(Folder, "nut", "train", "good");
        string more = Path.Combine(Folder, "nut", "test", "good");
        string[] model = ["--method", method, .. network];

        var (made, first, errors) = Run(["references", "add", file, good, "--json", .. model]);
        File.WriteAllText(Path.Combine(more, "broken.png"), "no image");
        var (added, second, named) = Run(["references", "add", file, more, "--json", .. model]);
        byte[] stored = File.ReadAllBytes(file);
        var (none, _, why) = Run(["references", "add", file, Path.Combine(more, "broken.png"), .. model]);
        var (fitted, third, again) = Run(["fit", good, more, "--out", Path.Combine(Folder, "f.safetensors"), "--json", .. model]);

        Assert.True(made == 0, errors);
        Assert.Equal(4, Images(first));
        Assert.True(added == 3, named);
        Assert.Equal(7, Images(second));
        // Both commands say the same and keep the others.
        Assert.Equal((3, 7), (fitted, JsonDocument.Parse(third).RootElement.GetProperty("images").GetInt32()));
        string line = again.Split('\n').Single(l => l.Contains("broken.png", StringComparison.Ordinal));
        Assert.Contains("Reference left out.", line, StringComparison.Ordinal);
        Assert.Contains(line, named.Split('\n'));
        Assert.Equal(1, none);
        Assert.Contains("none of its images can be read", why, StringComparison.Ordinal);
        Assert.Equal(stored, File.ReadAllBytes(file));

        static int Images(string json) => JsonDocument.Parse(json).RootElement.GetProperty("images").GetArrayLength();
    }

    [Theory]
    [InlineData("anomaly-dino", "vision tower stands in for the DINOv2")]
    [InlineData("subspace-ad", "vision tower stands in for the DINOv2")]
    [InlineData("patchcore", "CNN stands in for the WideResNet-50")]
    public void The_default_model_stands_in_where_no_network_is_named(string method, string notice)
    {
        Category("nut");
        string test = Path.Combine(Folder, "nut", "test"), good = Path.Combine(Folder, "nut", "train", "good"), file = Path.Combine(Folder, "r.safetensors");

        var (code, text, errors) = Run(
            "detect", test, "--method", method, "--references", good, "--save-references", file, "--image-size", "64", "--out", Path.Combine(Folder, "o"),
            "--json");
        var (again, named, problems) = Run("detect", test, "--method", method, method == "patchcore" ? "--cnn" : "--weights", "default", "--references", file,
            "--image-size", "64", "--out", Path.Combine(Folder, "o"), "--json");

        Assert.True(code == 0, errors);
        Assert.True(again == 0, problems);
        using var json = JsonDocument.Parse(text);
        using var other = JsonDocument.Parse(named);
        Assert.Contains(notice, json.RootElement.GetProperty("notice").GetString(), StringComparison.Ordinal);
        var scores = Scores(json);
        Assert.Equal(6, scores.Count);
        // The subspace of a few of its tokens tells little; the others see a blot.
        Assert.True(method == "subspace-ad" || scores.Where(s => s.Key.Contains("blot", StringComparison.Ordinal)).Min(s => s.Value)
            > scores.Where(s => !s.Key.Contains("blot", StringComparison.Ordinal)).Max(s => s.Value), text);
        Assert.All(Scores(other), s => Assert.Equal(scores[s.Key], s.Value, 1e-4f)); // other processes, other sums
    }

    [Theory]
    [InlineData("anomaly-dino")]
    [InlineData("subspace-ad")]
    public void A_batch_is_compared_with_itself_without_normal_images(string method)
    {
        Category("nut");
        string test = Path.Combine(Folder, "nut", "test"), output = Path.Combine(Folder, "o");
        File.WriteAllText(Path.Combine(test, "good", "broken.png"), "no image");
        string[] model = ["--method", method, "--image-size", "64"];

        var (code, text, errors) = Run(["detect", test, "--batched", "--out", output, "--json", .. model]);
        var (evaluated, figures, problems) = Run(
            ["evaluate", "--data", Path.Combine(Folder, "nut"), "--batched", "--out", Path.Combine(Folder, "e"), "--json", .. model]);
        var (alone, _, why) = Run(["detect", Path.Combine(test, "good", "0.png"), "--batched", "--out", output, .. model]);

        Assert.True(code == 3, errors);
        Assert.Contains("broken.png", errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("references").ValueKind);
        var scores = Scores(json);
        Assert.Equal(6, scores.Count);
        Assert.True(evaluated == 3, problems);
        using var measured = JsonDocument.Parse(figures);
        // The same scores, measured.
        var bad = scores.Where(s => s.Key.Contains("blot", StringComparison.Ordinal)).ToList();
        double ordered = scores.Except(bad).Sum(g => bad.Count(b => b.Value > g.Value));
        Assert.Equal(ordered / 9, measured.RootElement.GetProperty("mean").GetProperty("image_auroc").GetDouble(), 1e-9);
        Assert.Equal(1, alone);
        Assert.Contains("two different images", why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anomaly-dino or subspace-ad", "--method", "winclip")]
    [InlineData("anomaly-dino or subspace-ad", "--method", "patchcore")]
    [InlineData("the tested images are compared with one another", "--method", "anomaly-dino", "--references", "good")]
    [InlineData("no threshold holds", "--method", "anomaly-dino", "--calibration", "c.json")]
    public void What_does_not_go_with_a_batch_is_refused(string reason, params string[] arguments)
    {
        Category("nut");

        var (code, _, errors) = Run(["detect", Path.Combine(Folder, "nut", "test"), "--batched", "--out", Path.Combine(Folder, "o"), .. arguments]);

        Assert.Equal(2, code);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    private static Dictionary<string, float> Scores(JsonDocument json) => json.RootElement.GetProperty("results").EnumerateArray()
        .ToDictionary(r => r.GetProperty("image").GetString()!, r => r.GetProperty("score").GetSingle(), StringComparer.Ordinal);
}
