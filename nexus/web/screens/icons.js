/** The paths of the icons that voters see, on a grid of 24 by 24. */

export const CHECK = "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z";
export const CROSS = "M18.4 7 17 5.6l-5 5-5-5L5.6 7l5 5-5 5L7 18.4l5-5 5 5 1.4-1.4-5-5z";
export const DEVICE = "M8 1h8a2 2 0 0 1 2 2v18a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V3c0-1.1.9-2 2-2zm0 4v13h8V5zm3 14.5v1.5h2v-1.5z";
export const FINISH = "M5 2h2v20H5zm3 1h12l-3.5 4.5L20 12H8z";
export const TAP = "M11.2 2a1.8 1.8 0 0 0-1.8 1.8v9l-1.3-1.3a1.7 1.7 0 0 0-2.5 2.2l4.2 6.2A4.8 4.8 0 0 0 13.8 22h1.5a4.7 4.7 0 0 0 4.7-4.7v-3.8a2 2 0 0 0-1.7-2L13 10.6V3.8A1.8 1.8 0 0 0 11.2 2z";
export const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm1 4v4.6l3.2 3.2-1.4 1.4L11 12.4V7z";
export const PENCIL = "M4 17.2V20h2.8L17.4 9.4l-2.8-2.8zM19.7 7.1a1 1 0 0 0 0-1.4l-1.4-1.4a1 1 0 0 0-1.4 0L15.5 5.7l2.8 2.8z";
