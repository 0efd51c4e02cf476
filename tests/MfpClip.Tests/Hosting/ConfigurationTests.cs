using System.Globalization;
using System.Text;
using MfpClip.Detection;
using MfpClip.Hosting;
using MfpClip.Tests.Detection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MfpClip.Tests.Hosting;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("""{ "Modle": "tiny" }""", "'MfpClip:Modle'", "did you mean 'Model'?")]
    [InlineData("""{ "ImgSize": 224 }""", "'MfpClip:ImgSize'", "did you mean 'ImageSize'?")]
    [InlineData("""{ "precison": "bfloat16" }""", "'MfpClip:precison'", "did you mean 'Precision'?")]
    [InlineData("""{ "Weights": "a.pt" }""", "'MfpClip:Weights'", "Known are AnomalyMap")]
    [InlineData("""{ "BatchSiez": 2, "Devcie": "cpu" }""", "did you mean 'BatchSize'?", "did you mean 'Device'?")]
    [InlineData("""{ "Backbone": { "Pth": "a.pt" } }""", "'MfpClip:Backbone': 'pth' is unknown", "did you mean 'path'?")]
    [InlineData("""{ "MaskPrompt": { "Varient": "off" } }""", "'varient'", "did you mean 'variant'?")]
    [InlineData("""{ "References": { "Images": ["a.png"], "Options": { "Wieght": 1 } } }""", "'wieght' in 'references.options'", "did you mean 'weight'?")]
    [InlineData("""{ "Method": "wincip" }""", "There is no method 'wincip'", "winclip")]
    [InlineData("""{ "Model": "no-such-model" }""", "no model, file or folder 'no-such-model'", "ViT-B-16")]
    [InlineData("""{ "Model": "vit-b-61" }""", "'vit-b-61'", "did you mean 'ViT-B-16'?")]
    public void An_unknown_name_is_an_error_at_start_that_names_it_and_the_nearest(string json, string named, string near)
    {
        string faults = Faults(json);

        Assert.Contains(named, faults, StringComparison.Ordinal);
        Assert.Contains(near, faults, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Model": "a.pt", "Backbone": "b.pt" }""", "Model and Backbone")]
    [InlineData("""{ "CalibrationFile": "a.json", "Calibration": "b.json" }""", "'MfpClip:Calibration' and 'MfpClip:CalibrationFile' contradict")]
    [InlineData("""{ "ImageSize": 224, "image_size": 518 }""", "contradict one another")]
    [InlineData("""{ "Stages": 3, "Taps": [1, 2] }""", "Stages is 3, but Taps names 2")]
    [InlineData("""{ "Modules": "m.safetensors", "Untrained": true }""", "Modules and Untrained")]
    [InlineData("""{ "References": { "File": "r.safetensors", "Folder": "good" } }""", "File and Folder")]
    [InlineData("""{ "Backbone": { "Path": "a", "RandomSeed": 1 } }""", "path and random_seed")]
    [InlineData("""{ "Backbone": { "Path": "a", "Folder": "b" } }""", "Folder without a Package")]
    [InlineData("""{ "RegionOfInterest": { "File": "a.png", "Foreground": true } }""", "File and Foreground contradict")]
    [InlineData("""{ "RegionOfInterest": { "File": "a.png", "Margin": 3 } }""", "Margin is for Foreground")]
    public void Keys_that_contradict_one_another_are_an_error_at_start(string json, string named) =>
        Assert.Contains(named, Faults(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{ "ImageSize": "large" }""", "'image_size' must be a whole number")]
    [InlineData("""{ "ImageSize": 224.5 }""", "'image_size' must be a whole number")]
    [InlineData("""{ "Scales": ["0,5", "1"] }""", "must be a number, with a point before its fraction")]
    [InlineData("""{ "WarmUp": "maybe" }""", "'MfpClip:WarmUp' must be true or false")]
    [InlineData("""{ "Threads": "many" }""", "'MfpClip:Threads' must be a whole number")]
    [InlineData("""{ "Threads": 0 }""", "Threads is 0; a number from 1 to")]
    [InlineData("""{ "Model": { "Name": "tiny" } }""", "'MfpClip:Model' must be a text")]
    [InlineData("""{ "Device": "gpu" }""", "gpu")]
    [InlineData("""{ "BatchSize": 0, "ImageSize": -1 }""", "The batch size is 0")]
    [InlineData("""{ "RegionOfInterest": "/absent/mask.png" }""", "there is no file '/absent/mask.png'")]
    [InlineData("""{ "RegionOfInterest": { "Polygons": [ { "Points": [[0, 0], [1, 1]] } ] } }""", "polygon 1 has 2 points")]
    [InlineData("""{ "RegionOfInterest": { "Polgons": "x" } }""", "'polgons' in 'region_of_interest' is unknown")]
    [InlineData("""{ "References": "/absent/good" }""", "there is no folder '/absent/good'")]
    [InlineData("""{ "Calibration": "/absent/calibration.json" }""", "/absent/calibration.json")]
    public void A_value_that_cannot_be_taken_is_an_error_at_start(string json, string named) => Assert.Contains(named, Faults(json), StringComparison.Ordinal);

    [Fact]
    public void A_section_that_is_a_text_is_an_error_that_says_how_to_write_it() =>
        Assert.Contains("""{ "Model": "tiny" }""", FaultsOf("""{ "MfpClip": "tiny" }"""), StringComparison.Ordinal);

    [Fact]
    public void A_text_in_one_source_and_settings_in_another_are_an_error_that_names_the_key()
    {
        var configuration = new ConfigurationBuilder().AddJsonStream(Stream("""{ "MfpClip": { "Backbone": "a.pt" } }"""))
            .AddInMemoryCollection(new Dictionary<string, string?> { ["MfpClip:Backbone:Path"] = "b.pt" }).Build();

        Assert.Contains("'MfpClip:Backbone' is the text 'a.pt' in one source", Faults(configuration), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_value_takes_a_key_back_that_an_earlier_source_has_set()
    {
        var configuration = new ConfigurationBuilder().AddJsonStream(Stream("""{ "MfpClip": { "Precision": "bfloat16", "ImageSize": 56 } }"""))
            .AddInMemoryCollection(new Dictionary<string, string?> { ["MfpClip:Precision"] = string.Empty }).Build();

        var options = Options(configuration);

        Assert.Equal(("float32", 56), (options.Recipe.Precision, options.Recipe.ImageSize));
    }

    [Fact]
    public void Numbers_do_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (german.NumberFormat.NumberDecimalSeparator, german.NumberFormat.NumberGroupSeparator) = (",", ".");
        CultureInfo.CurrentCulture = german;
        try
        {
            var options = Options(new ConfigurationBuilder().AddJsonStream(Stream("""
                { "MfpClip": { "Scales": [0.5, 1], "ImageSize": 56, "References": { "Images": ["a.png"], "Options": { "CoresetRatio": 0.25 } } } }
                """)).Build());

            Assert.Equal([0.5, 1], options.Recipe.Scales);
            Assert.Equal(0.25, options.Recipe.References!.Options!.CoresetRatio);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("WarmUp")]
    [InlineData("warm_up")]
    [InlineData("warmup")]
    public void Names_may_be_in_Pascal_or_snake_case(string name) =>
        Assert.False(Options(new ConfigurationBuilder().AddJsonStream(Stream($$"""{ "MfpClip": { "{{name}}": false, "image_size": 56 } }""")).Build()).WarmUp);

    [Fact]
    public void A_region_of_interest_by_configuration_is_polygons_a_file_or_the_foreground()
    {
        MfpClip.Imaging.RegionOfInterestOptions Region(string json) =>
            Options(new ConfigurationBuilder().AddJsonStream(Stream($$"""{ "MfpClip": { "RegionOfInterest": {{json}} } }""")).Build()).Recipe.RegionOfInterest!;

        var polygons = Region("""
            { "Unit": "fractions", "Polygons": [ { "Points": [[0, 0], [0.5, 0], [0.5, 1]] },
              { "Excluded": true, "Points": [[0.1, 0], [0.2, 0], [0.2, 0.2]] } ] }
            """);

        Assert.Equal([new(0, 0), new(0.5, 0), new(0.5, 1)], polygons.Polygons![0].Points);
        Assert.Equal([false, true], polygons.Polygons.Select(p => p.Excluded));
        Assert.Equal(MfpClip.Imaging.RegionUnit.Fractions, polygons.Unit);
        Assert.Equal(MfpClip.Imaging.RegionOfInterestOptions.OfForeground(), Region("\"foreground\""));
        Assert.Equal(MfpClip.Imaging.RegionOfInterestOptions.OfForeground(12), Region("""{ "foreground": true, "margin": 12 }"""));
    }

    [Fact]
    public void References_by_configuration_are_a_folder_a_file_or_a_list()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "good", "camera 2")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "b.PNG"), [1]);
        File.WriteAllBytes(Path.Combine(_folder, "good", "a.png"), [1]);

        var byFolder = Options(Json(new { References = Path.Combine(_folder, "good") }));
        var byFile = Options(Json(new { References = "stored.safetensors" }));
        var byList = Options(Json(new { References = new[] { "x.png", "y.png" } }));

        Assert.Equal("stored.safetensors", byFile.Recipe.References!.File);
        Assert.Equal(["x.png", "y.png"], byList.Recipe.References!.Images!);
        Assert.Equal(
            ["a.png", Path.Combine("camera 2", "b.PNG")],
            ZeroShotDetectorBuilder.From(byFolder.Recipe).Composition.References!.Images
                .Select(i => Path.GetRelativePath(Path.Combine(_folder, "good"), i.Path!)));
    }

    [Fact]
    public void The_same_detector_registered_twice_is_an_error()
    {
        var services = new ServiceCollection().AddMfpClip(_ => { }).AddKeyedMfpClip("line-1", _ => { });

        Assert.Throws<DetectorConfigurationException>(() => services.AddMfpClip(_ => { }));
        var twice = Assert.Throws<DetectorConfigurationException>(() => services.AddKeyedMfpClip("line-1", _ => { }));
        Assert.Contains("line-1", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_package_that_names_its_composition_is_composed_so_by_a_recipe()
    {
        DetectorRegistry.Default.AddModelPackage("composed-for-test", _ => new()
        {
            Name = "composed-for-test", OpenBackbone = () => throw new NotSupportedException(), Compose = b => b.WithImageSize(112).WithoutMaskPrompt(),
        });

        var composition = ZeroShotDetectorBuilder.From(new() { Backbone = new() { Package = "composed-for-test" } }).Composition;
        var explicitly = ZeroShotDetectorBuilder.From(new() { Backbone = new() { Package = "composed-for-test" }, ImageSize = 56 }).Composition;

        Assert.Equal((112, 56), (composition.ImageSize, explicitly.ImageSize));
    }

    private static IConfigurationRoot Json(object section) =>
        new ConfigurationBuilder().AddJsonStream(Stream(System.Text.Json.JsonSerializer.Serialize(new { MfpClip = section }))).Build();

    private static MemoryStream Stream(string json) => new(Encoding.UTF8.GetBytes(json));

    private static MfpClipOptions Options(IConfiguration configuration)
    {
        using var services = new ServiceCollection().AddMfpClip(configuration.GetSection("MfpClip"), o =>
        {
            // The backbone is set in code: what configuration says is checked all the same.
            o.Configure = b => b.UseRandomBackbone(ZeroShotDetectorTests.Config);
        }).BuildServiceProvider();
        return services.GetRequiredService<IOptionsMonitor<MfpClipOptions>>().CurrentValue;
    }

    private static string Faults(string section) => FaultsOf($$"""{ "MfpClip": {{section}} }""");

    private static string FaultsOf(string json) => Faults(new ConfigurationBuilder().AddJsonStream(Stream(json)).Build());

    private static string Faults(IConfiguration configuration)
    {
        using var services = new ServiceCollection().AddMfpClip(configuration.GetSection("MfpClip"), o =>
        {
            if (o.Model is null && o.Recipe.Backbone is null)
            {
                o.Recipe = o.Recipe with { Backbone = new() { RandomSeed = 1, Config = ZeroShotDetectorTests.Config } };
            }
        }).BuildServiceProvider();
        var e = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.All(e.Failures, f => Assert.StartsWith("MfpClip: ", f, StringComparison.Ordinal));
        return string.Join('\n', e.Failures);
    }
}
