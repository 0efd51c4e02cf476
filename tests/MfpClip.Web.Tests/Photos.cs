using System.Net.Http.Headers;
using MfpClip.Data;
using MfpClip.Output;

namespace MfpClip.Web.Tests;

/// <summary>Photos and forms of the tests.</summary>
internal static class Photos
{
    /// <summary>A PNG of a rendered part with a stain.</summary>
    public static byte[] Part(int side = 96) => MapImages.ToPng(ProceduralDataSet.Render("pill", 1, DefectKind.Stain, side).Image);

    public static MultipartFormDataContent Form(byte[] photo, string fileName = "photo.png", string className = "pill") => new()
    {
        { new ByteArrayContent(photo) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } }, "image", fileName },
        { new StringContent(className), "class" },
    };

    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    private static string FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository.");
    }
}
