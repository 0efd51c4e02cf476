using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Xml.Linq;

namespace MfpClip.Packages.Tests;

[CollectionDefinition(PackedOnce.Collection)]
public sealed class PackedOnceCollection : ICollectionFixture<PackedOnce>;

[Collection(PackedOnce.Collection)]
public class PackageConsumptionTests(PackedOnce packed)
{
    public static TheoryData<string> Libraries => [.. PackedOnce.Libraries];

    private static string Backend => $"libtorch-cpu-{PackedOnce.Rid}";

    private const string Detector = """
        .UseRandomBackbone(new ClipConfig
        {
            EmbedDim = 16, Activation = MlpActivation.QuickGelu,
            Vision = new() { ImageSize = 28, PatchSize = 14, Width = 32, Layers = 4, Heads = 2 },
            Text = new() { VocabSize = 49408, Width = 16, Layers = 2, Heads = 2 },
        }).WithImageSize(56).WithoutImageToTextPrompt().WithoutSelfPrompt()
        """;

    [Fact]
    public void A_fresh_console_project_detects()
    {
        string folder = packed.Project("Console1", Csproj("Microsoft.NET.Sdk", "<OutputType>Exe</OutputType>"), ("Program.cs", $$"""
            using MfpClip;
            using MfpClip.Backbones.Clip;
            using MfpClip.Kernels;
            using var detector = new ZeroShotDetectorBuilder(){{Detector}}.Build();
            var result = detector.Detect(new RgbImage(40, 30, new byte[3600]));
            Console.WriteLine($"detected {result.ImageMap!.Width}x{result.ImageMap.Height} {result.Score is >= 0 and <= 1}");
            """));

        Assert.Contains("detected 40x30 True", PackedOnce.Dotnet(folder, "run"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_model_detects_from_its_package_in_a_program_published_as_one_file()
    {
        // Without JSON by reflection, as in programs of one file.
        const string Properties = "<OutputType>Exe</OutputType><TreatWarningsAsErrors>true</TreatWarningsAsErrors>"
            + "<JsonSerializerIsReflectionEnabledByDefault>false</JsonSerializerIsReflectionEnabledByDefault>";
        string model = $"<PackageReference Include=\"MfpClip.Models.Tiny\" Version=\"{packed.Version}\" />";
        string folder = packed.Project("Tiny1", Csproj("Microsoft.NET.Sdk", Properties, model), ("Program.cs", """
            using MfpClip;
            if (!TinyModel.IsAvailable)
            {
                Console.WriteLine("no weights");
                return;
            }

            using var detector = ZeroShotDetector.CreateDefault();
            var result = detector.Detect(ImageInput.FromFile(args[0]));
            Console.WriteLine($"detected {result.ImageMap!.Width}x{result.ImageMap.Height} {result.Score is > 0 and < 1} {detector.Description.ImageSize} px");
            """));
        string photo = Path.Combine(packed.Root, "photo.png");
        File.Copy(Path.Combine(PackedOnce.Repository(), "samples", "images", "metal_nut-good.png"), photo);
        string published = Path.Combine(folder, "published");

        PackedOnce.Dotnet(folder, "publish", "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier, "-p:PublishSingleFile=true", "--self-contained",
            "false", "-o", published);

        Assert.Empty(Directory.GetFiles(published, "MfpClip*.dll")); // they are inside the one file
        string output = PackedOnce.Run(Directory.GetFiles(published, "Tiny1*").First(f => Path.GetExtension(f) is "" or ".exe"), packed.Root, photo);
        Assert.True(output.Contains("no weights", StringComparison.Ordinal)
            || output.Contains("detected 256x256 True 320 px", StringComparison.Ordinal), output);
    }

    [Fact]
    public void A_fresh_project_takes_every_package_at_once()
    {
        string references = string.Concat(
            PackedOnce.Libraries.Where(l => l != "MfpClip").Select(l => $"<PackageReference Include=\"{l}\" Version=\"{packed.Version}\" />"));
        const string Properties = "<OutputType>Exe</OutputType><TreatWarningsAsErrors>true</TreatWarningsAsErrors>";
        string folder = packed.Project("All1", Csproj("Microsoft.NET.Sdk", Properties, references), ("Program.cs", """
            foreach (string name in args)
            {
                Console.WriteLine($"{name} {System.Reflection.Assembly.Load(name).GetExportedTypes().Length >= 0}");
            }
            """));

        string output = PackedOnce.Dotnet(folder, ["run", "--", .. PackedOnce.Libraries]);

        Assert.All(PackedOnce.Libraries, l => Assert.Contains($"{l} True", output, StringComparison.Ordinal));
    }

    [Fact]
    public void A_fresh_web_project_hosts_a_detector()
    {
        string folder = packed.Project("Web1", Csproj("Microsoft.NET.Sdk.Web", string.Empty), ("Program.cs", $$"""
            using MfpClip;
            using MfpClip.Backbones.Clip;
            using MfpClip.Kernels;
            using MfpClip.Hosting;
            var builder = WebApplication.CreateBuilder(args);
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Services.AddMfpClip(builder.Configuration.GetSection("MfpClip"), o => o.Configure = b => b{{Detector}});
            builder.Services.AddHealthChecks().AddCheck<MfpClipHealthCheck>("mfpclip");
            var app = builder.Build();
            app.MapHealthChecks("/health");
            app.MapPost("/detect", async (HttpRequest request, IZeroShotDetector detector) =>
            {
                using var memory = new MemoryStream();
                await request.Body.CopyToAsync(memory);
                return detector.Detect(ImageInput.FromBytes(memory.ToArray())).Score;
            });
            await app.StartAsync();
            using var client = new HttpClient { BaseAddress = new(app.Urls.First()) };
            byte[] png = MfpClip.Output.MapImages.ToPng(new RgbImage(8, 8, new byte[192]));
            var answer = await client.PostAsync("/detect", new ByteArrayContent(png));
            Console.WriteLine($"health {await client.GetStringAsync("/health")} detect {(int)answer.StatusCode}");
            await app.StopAsync();
            """));

        // Random weights: maps mean nothing, and the check says so.
        Assert.Contains("health Degraded detect 200", PackedOnce.Dotnet(folder, "run"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_package_has_readme_icon_licence_documentation_and_symbols(string id)
    {
        using var package = ZipFile.OpenRead(Path.Combine(packed.Feed, $"{id}.{packed.Version}.nupkg"));
        var names = package.Entries.Select(e => e.FullName).ToList();
        using var stream = package.GetEntry($"{id}.nuspec")!.Open();
        var metadata = XDocument.Load(stream).Root!.Elements().First();
        string Value(string name) => metadata.Elements().Single(e => e.Name.LocalName == name).Value;

        Assert.Contains("README.md", names);
        Assert.Contains("icon.png", names);
        Assert.Contains("bom.json", names);
        Assert.Contains("NOTICE", names);
        Assert.Contains($"lib/net10.0/{id}.xml", names);
        Assert.Equal("MIT", Value("license"));
        Assert.Equal("README.md", Value("readme"));
        Assert.True(File.Exists(Path.Combine(packed.Feed, $"{id}.{packed.Version}.snupkg")));
        // The application chooses the native backend.
        Assert.DoesNotContain(metadata.Descendants().Where(e => e.Name.LocalName == "dependency"), d =>
            d.Attribute("id")!.Value.StartsWith("libtorch", StringComparison.Ordinal));
    }

    private string Csproj(string sdk, string properties, string references = "") => $"""
        <Project Sdk="{sdk}">
          <PropertyGroup><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
          <PropertyGroup>{properties}</PropertyGroup>
          <ItemGroup>
            <PackageReference Include="MfpClip" Version="{packed.Version}" />
            <PackageReference Include="{Backend}" Version="2.10.0" />
            {references}
          </ItemGroup>
        </Project>
        """;
}
